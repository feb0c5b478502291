#pragma once

#include <memory>
#include <vector>

#include "backbone/backbone.h"
#include "backbone/decoder_layer.h"
#include "backbone/embedding_table.h"

namespace incipit {

struct DecoderWeights {
  EmbeddingTable word;
  Matrix position;  // [positions, hidden]; no rows: layers turn queries and keys instead
  std::vector<DecoderLayer> layers;
  Norm final_norm;
};

/// A causal pre-norm decoder: GPT-2, Llama and their kin. The last hidden states are those behind the final
/// norm, as in transformers. Rotary ones turn a token that joins late by its position too.
std::unique_ptr<Backbone> make_decoder(BackboneSpec spec, DecoderShape shape, DecoderWeights weights);

}  // namespace incipit
