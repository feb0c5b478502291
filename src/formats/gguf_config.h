#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "incipit/result.h"

#include "formats/gguf.h"
#include "formats/hf_config.h"

namespace incipit {

/// How the rotary embedding is stretched beyond the length that a model was first trained on:
/// <arch>.rope.scaling.
struct GgufRopeScaling {
  std::string type;  // "linear" or "yarn"
  double factor = 1.0;
  std::int64_t original_context_length = 0;  // 0: not given
  std::optional<double> attention_factor;    // none: as yarn computes it
};

/// What a GGUF file's metadata say of a causal model, in transformers' words.
struct GgufConfig {
  std::string architecture;                  // general.architecture: llama (Mistral's too), qwen2, gpt2
  std::int64_t vocab_size = 0;               // rows of token_embd.weight
  std::int64_t hidden_size = 0;              // embedding_length
  std::int64_t num_hidden_layers = 0;        // block_count
  std::int64_t intermediate_size = 0;        // feed_forward_length
  std::int64_t num_attention_heads = 0;      // attention.head_count
  std::int64_t num_key_value_heads = 0;      // attention.head_count_kv, or as many
  std::int64_t head_dim = 0;                 // attention.key_length, or hidden_size / num_attention_heads
  std::int64_t max_position_embeddings = 0;  // context_length
  double norm_eps = 0.0;                     // of RMS norm (llama, qwen2) or layer norm (gpt2)
  bool tie_word_embeddings = false;          // there is no output.weight
  std::optional<std::int64_t> bos_token_id, eos_token_id, pad_token_id;

  // The rotary embedding; gpt2 has none.
  double rope_theta = 10000.0;            // rope.freq_base
  std::int64_t rope_dimension_count = 0;  // of each head; head_dim unless the file says less
  std::optional<GgufRopeScaling> rope_scaling;
  std::vector<float> rope_factors;  // rope_freqs.weight [rope_dimension_count / 2] (Llama 3): each frequency
                                    // is divided by its own; empty: 1
};

/// Fails naming file and key: an unknown architecture, a missing or impossible size, a mixture of experts,
/// sizes that differ by layer, one part of a split file.
Result<GgufConfig> read_gguf_config(const GgufFile& file);

/// The same as far as HfConfig has fields for it.
HfConfig hf_config(const GgufConfig& config);

}  // namespace incipit
