#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "incipit/result.h"

#include "tensor/dtype.h"

namespace incipit {

/// A tensor of a checkpoint to be made. One whose name ends in "position_ids" holds 0, 1, … as i64.
struct TensorSpec {
  std::string name;
  std::vector<std::int64_t> shape;
};

/// How a checkpoint is spelt. None of it changes a value: the same tensor has the same values under all
/// spellings.
struct SyntheticOptions {
  bool prefix = true;  // "bert." and the like before backbone names; false: as a bare BertModel
  bool old_layer_norm_names = false;  // LayerNorm.gamma and .beta
  bool pooler = true;                 // BERT only: the others' classifiers have none
  bool classifier = true;             // the sequence classification head
  bool lm_head = false;               // the language-model head's tensors; a tied matrix is left out
  bool position_ids = false;          // the buffer that old releases saved
  DType dtype = DType::f32;           // f32, f16 or bf16
  int shards = 1;                     // more than 1: that many files and an index
  std::filesystem::path tokenizer{};  // copied as tokenizer.json unless empty
};

/// The values of a tensor, row-major: a function of the name and the index alone, the same bits as
/// tests/golden/synthetic.py computes. Lively scales: see synthetic.py's center_and_scale.
std::vector<float> synthetic_values(std::string_view name, const std::vector<std::int64_t>& shape);

/// A small config.json: hidden size 48, 3 layers, 4 heads, 200 words; `model_type` is one of bert, roberta,
/// xlm-roberta, camembert, distilbert, gpt2, llama, mistral, qwen2. Change fields at will.
nlohmann::json tiny_config(std::string_view model_type, int num_labels = 2);

/// The tensors of a checkpoint of this config, under Hugging Face's names. Fails naming a missing or mistyped
/// field.
Result<std::vector<TensorSpec>> checkpoint_tensors(const nlohmann::json& config,
                                                   const SyntheticOptions& options = {});

/// Writes config.json, the weights and perhaps tokenizer.json into `folder`, which is made where missing.
Status write_synthetic_model(const std::filesystem::path& folder, const nlohmann::json& config,
                             const SyntheticOptions& options = {});
/// The same with the tensors given; only dtype, shards and tokenizer of the options count.
Status write_synthetic_model(const std::filesystem::path& folder, const nlohmann::json& config,
                             const std::vector<TensorSpec>& tensors, const SyntheticOptions& options);

}  // namespace incipit
