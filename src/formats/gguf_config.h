#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "incipit/result.h"

#include "formats/gguf.h"
#include "formats/hf_config.h"

namespace incipit {

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
  std::optional<std::int64_t> eot_token_id;  // ends a turn of a chat

  bool attention_bias = false;  // of query, key and value: there is blk.0.attn_q.bias
  bool mlp_bias = false;        // there is blk.0.ffn_up.bias

  // The rotary embedding, of whole heads; gpt2 has none.
  double rope_theta = 10000.0;      // rope.freq_base
  double rope_linear_factor = 1.0;  // all angles are divided by it: rope.scaling.factor of type linear
  /// rope_freqs.weight [head_dim / 2], which Llama 3's converter writes: each frequency is divided by its
  /// own; empty: by 1.
  std::vector<float> rope_factors;
};

/// Fails naming file and key: an unknown architecture, a missing or impossible size, a mixture of experts,
/// sizes that differ by layer, a rotary embedding of parts of heads or stretched by yarn, one part of a split
/// file.
Result<GgufConfig> read_gguf_config(const GgufFile& file);

/// The same, as transformers' config.json would say it.
HfConfig hf_config(const GgufConfig& config);

}  // namespace incipit
