#pragma once

#include <memory>
#include <vector>

#include "backbone/backbone.h"
#include "backbone/embedding_table.h"
#include "backbone/encoder_layer.h"

namespace incipit {

/// The embeddings in front of an encoder: norm(word + position + type).
struct EncoderEmbeddings {
  EmbeddingTable word;
  Matrix position;  // [positions, hidden]
  Matrix type;      // [types, hidden]; no rows: none. A family whose tokens all have type 0 has one row.
  LayerNorm norm;
};

struct EncoderWeights {
  EncoderEmbeddings embeddings;
  std::vector<EncoderLayer> layers;
};

/// A bidirectional post-norm encoder: BERT, RoBERTa and their kin, which differ in names and rules only.
std::unique_ptr<Backbone> make_encoder(BackboneSpec spec, EncoderShape shape, EncoderWeights weights);

}  // namespace incipit
