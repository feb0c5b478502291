#pragma once

#include <filesystem>
#include <string>

#include "incipit/result.h"
#include "incipit/tokenizer.h"

#include "formats/gguf.h"
#include "formats/hf_config.h"
#include "formats/tensor_store.h"

namespace incipit {

/// A model's files, opened and checked, weights not yet read.
struct ModelFiles {
  HfConfig config;
  TensorStore store;
  Tokenizer tokenizer;
  std::string chat_template;
};

/// From a Hugging Face folder, a GGUF file or a folder with one.
Result<ModelFiles> open_model_files(const std::filesystem::path& path);

/// The tokenizer and the chat template that a GGUF file holds.
Result<Tokenizer> tokenizer_of(const GgufFile& file);
Result<std::string> chat_template_of(const GgufFile& file);

}  // namespace incipit
