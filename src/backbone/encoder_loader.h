#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "backbone/architecture.h"
#include "backbone/checkpoint.h"
#include "backbone/encoder.h"
#include "backbone/lm_head_loader.h"

namespace incipit {

/// Where a family keeps the tensors of an encoder layer, below the layer's own prefix and without ".weight".
struct LayerNames {
  std::string_view query, key, value, attention_output, attention_norm, up, down, output_norm;
};

/// How an encoder family differs from its kin, apart from its head.
struct EncoderFamily {
  std::string prefix;       // of the base model, with its dot
  std::string_view layers;  // below the prefix: "encoder.layer."
  LayerNames names;
  bool has_token_types = true;
  std::int32_t first_position = 0;
  std::optional<std::int32_t> uncounted_id;  // see PositionRule
  bool drops_attention_output = true;
};

/// Reads embeddings, layers and head of an encoder whose checkpoint follows `family`. lm_head: its names, but
/// for what follows from the family.
Result<LoadedBackbone> load_encoder(const ModelSource& source, const EncoderFamily& family, HeadSpec head,
                                    LmHeadNames lm_head);

}  // namespace incipit
