#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "incipit/result.h"

namespace incipit {

/// What a Hugging Face config.json says of an encoder, its spellings made one (DistilBERT's dim, n_layers, …
/// too). A missing field has the value that transformers gives it for that model_type.
struct HfConfig {
  std::string model_type;                  // bert, roberta, xlm-roberta, camembert, distilbert, …
  std::vector<std::string> architectures;  // such as RobertaForMaskedLM
  std::int64_t vocab_size = 0;
  std::int64_t hidden_size = 0;
  std::int64_t num_hidden_layers = 0;
  std::int64_t num_attention_heads = 0;
  std::int64_t intermediate_size = 0;
  std::int64_t max_position_embeddings = 0;
  std::int64_t type_vocab_size = 0;  // 0: no token types (DistilBERT)
  std::int64_t pad_token_id = 0;
  double layer_norm_eps = 1e-12;
  double initializer_range = 0.02;
  double hidden_dropout = 0.1;
  double attention_dropout = 0.1;
  double classifier_dropout = 0.1;  // resolved: null means hidden_dropout; DistilBERT's seq_classif_dropout
  std::string hidden_act = "gelu";
  std::vector<std::string> labels;  // id2label in id order; {"LABEL_0", "LABEL_1"} where the file names none
};

/// Reads a config.json, or a folder's. Fails naming the file and the field: not JSON, wrong type, not
/// positive, hidden_size not a multiple of num_attention_heads, sizes beyond 2^31, position_embedding_type
/// other than absolute. An unknown model_type is read as far as it goes: the backbone registry refuses it.
Result<HfConfig> read_hf_config(const std::filesystem::path& path);

}  // namespace incipit
