#pragma once

#include <string>
#include <string_view>

#include "backbone/architecture.h"
#include "backbone/checkpoint.h"
#include "backbone/decoder.h"

namespace incipit {

/// Where a family keeps its tensors, below the base model's prefix; those of a layer below the layer's own,
/// and without ".weight".
struct DecoderNames {
  std::string_view word, position;  // position: empty where there are none
  std::string_view layers, final_norm;
  std::string_view attention_norm, attention_output, feed_forward_norm, down;
  /// Stored side by side as one where there is one name only.
  std::string_view query, key, value;  // or query_key_value, "", ""
  std::string_view gate, up;           // gate: empty where the unit is not gated
};

/// How a decoder family differs from its kin.
struct DecoderFamily {
  std::string prefix;  // of the base model, with its dot
  DecoderNames names;
  bool has_layer_norm = false;     // else RMSNorm
  bool stores_transposed = false;  // weights are [in, out] (GPT-2's Conv1D)
  bool has_query_key_value_bias = false;
  bool has_output_bias = false;  // of the attention's output
  bool has_mlp_bias = false;
};

/// Llama's names, shared by the families built on its code.
DecoderFamily llama_family(const HfConfig& config);

/// Reads the backbone of a decoder whose checkpoint follows `family`, and its `score` head.
Result<LoadedBackbone> load_decoder(const ModelSource& source, const DecoderFamily& family);

}  // namespace incipit
