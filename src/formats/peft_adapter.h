#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "incipit/result.h"

#include "tensor/matrix.h"

namespace incipit {

/// One tensor of an adapter file, as f32.
struct AdapterTensor {
  std::vector<std::int64_t> shape;  // one or two dimensions
  Matrix values;                    // [1, n] or [rows, cols]
};

/// An adapter_config.json as far as prompt methods need it. Only peft_type is required; unknown keys are kept
/// in `json` and otherwise ignored. Also the shape of our own INCIPIT folders, which differ in peft_type and
/// tensor names.
struct AdapterConfig {
  std::string peft_type;  // PROMPT_TUNING, P_TUNING, …, INCIPIT
  std::string task_type;  // SEQ_CLS; empty where null
  std::string base_model_name_or_path;
  std::optional<std::int64_t> num_virtual_tokens;
  std::optional<std::int64_t> token_dim;
  std::optional<std::int64_t> num_layers;
  std::optional<std::int64_t> num_attention_heads;
  std::string prompt_tuning_init;       // RANDOM, SAMPLE_VOCAB, TEXT; may be empty
  std::string prompt_tuning_init_text;  // may be empty
  std::string tokenizer_name_or_path;   // may be empty
  nlohmann::json json;                  // as read
};

struct AdapterFile {
  AdapterConfig config;
  std::map<std::string, AdapterTensor> tensors;
};

/// Reads adapter_config.json and adapter_model.safetensors, or an old release's adapter_model.bin (a torch
/// pickle, read without running any of it), from a folder. PEFT puts an adapter that is not named "default"
/// in a sub-folder: where `folder` holds no config but exactly one sub-folder does, that one is read.
Result<AdapterFile> read_adapter_folder(const std::filesystem::path& folder);

/// The two files as PEFT writes them (json indent 2, keys sorted, no final newline; inference_mode true),
/// into an existing folder. Keys of PROMPT_TUNING's schema are written for peft_type PROMPT_TUNING;
/// `config.json` is ignored.
Status write_adapter_files(const std::filesystem::path& folder, const AdapterConfig& config,
                           const std::map<std::string, AdapterTensor>& tensors);

}  // namespace incipit
