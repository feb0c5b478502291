#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "incipit/result.h"

namespace incipit {

/// How rotary positions turn (transformers' rope_parameters, and rope_theta and rope_scaling of old
/// releases).
struct RopeConfig {
  std::string type = "default";  // or "linear" (all angles divided by factor), "llama3" (the slow ones)
  double theta = 10000;          // base of the frequencies
  double factor = 1;
  double low_freq_factor = 1, high_freq_factor = 4;   // llama3
  std::int64_t original_max_position_embeddings = 0;  // llama3
  std::vector<float> divisors;  // [head_dim / 2] of each frequency, from a GGUF file; empty: 1
};

/// What a Hugging Face config.json says, its spellings made one (DistilBERT's dim, GPT-2's n_embd, … too). A
/// missing field has the value that transformers gives it for that model_type. Plain data: other formats
/// fill one as well.
struct HfConfig {
  std::string
      model_type;  // bert, roberta, xlm-roberta, camembert, distilbert, gpt2, llama, mistral, qwen2, …
  std::vector<std::string> architectures;  // such as RobertaForMaskedLM
  std::int64_t vocab_size = 0;
  std::int64_t hidden_size = 0;
  std::int64_t num_hidden_layers = 0;
  std::int64_t num_attention_heads = 0;
  std::int64_t num_key_value_heads = 0;  // fewer than heads: each is shared by several
  std::int64_t head_dim = 0;
  std::int64_t intermediate_size = 0;
  std::int64_t max_position_embeddings = 0;
  std::int64_t type_vocab_size = 0;  // 0: no token types (DistilBERT)
  std::int64_t pad_token_id = 0;
  double layer_norm_eps = 1e-12;
  double rms_norm_eps = 1e-6;
  double initializer_range = 0.02;
  double hidden_dropout = 0.1;
  double embedding_dropout = 0.1;  // of decoders; encoders' is hidden_dropout
  double attention_dropout = 0.1;
  double classifier_dropout = 0.1;  // resolved: null means hidden_dropout; DistilBERT's seq_classif_dropout
  std::string hidden_act = "gelu";
  bool tie_word_embeddings = true;  // the language-model head's matrix is the word embeddings
  // Of decoders.
  std::vector<std::int32_t> end_tokens;  // that end a text: eos_token_id
  RopeConfig rope;
  bool attention_bias = false;  // of query, key and value; Llama's: of the attention's output, too
  bool mlp_bias = false;
  std::vector<std::int64_t>
      attention_windows;           // [layers] keys that a query attends to, itself included; 0: all
  bool scale_attn_weights = true;  // GPT-2: scores are divided by √head_dim
  bool scale_attn_by_inverse_layer_idx = false;  // GPT-2: and by the layer's number from 1
  std::vector<std::string> labels;  // id2label in id order; {"LABEL_0", "LABEL_1"} where the file names none
};

/// Reads a config.json, or a folder's. Fails naming the file and the field: not JSON, wrong type, not
/// positive, hidden_size not a multiple of num_attention_heads, sizes beyond 2^31, position_embedding_type
/// other than absolute, a rope_type that is not supported. An unknown model_type is read as far as it goes:
/// the backbone registry refuses it.
Result<HfConfig> read_hf_config(const std::filesystem::path& path);

}  // namespace incipit
