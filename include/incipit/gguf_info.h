#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "incipit/model.h"
#include "incipit/result.h"
#include "incipit/tokenizer.h"

namespace incipit {

/// What a GGUF file says of its model, without its weights being read: for showing it, and for tokenizing.
struct GgufInfo {
  ModelInfo model;             // no fingerprint; backbone_parameters counts all tensors
  std::string name;            // general.name
  std::string license;         // general.license
  std::string tokenizer_kind;  // tokenizer.ggml.model and pre, such as "gpt2, smollm"
  std::int64_t num_key_value_heads = 0;
  std::int64_t head_dim = 0;
  bool tie_word_embeddings = false;
  /// Tensors of each type, such as {"Q4_1", 210}, the most frequent first.
  std::vector<std::pair<std::string, std::int64_t>> tensor_types;
  Tokenizer tokenizer;
};

/// Nothing where `path` is neither a GGUF file nor a folder with one and no config.json. Fails naming file
/// and key or tensor where the file is not usable, and both files where a folder has two.
Result<std::optional<GgufInfo>> read_gguf_info(const std::filesystem::path& path);

}  // namespace incipit
