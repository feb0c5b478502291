#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "backbone/kept_matrix.h"
#include "backbone/layer_rows.h"
#include "ops/activation.h"
#include "ops/attention.h"
#include "ops/layer_norm.h"
#include "ops/linear.h"
#include "tensor/matrix.h"

namespace incipit {

/// The frozen weights of a post-norm transformer encoder layer (Vaswani et al. 2017; BertLayer in
/// transformers' modeling_bert.py): x' = norm(x + attention(x)), y = norm(x' + down(f(up(x')))).
struct EncoderLayer {
  Linear query;
  Linear key_value;  // keys in the first half of its outputs, values in the second
  Linear attention_output;
  Linear up;
  Linear down;
  LayerNorm attention_norm;
  LayerNorm output_norm;
};

/// What all layers of an encoder share.
struct EncoderShape {
  AttentionShape attention;
  Activation activation = Activation::gelu;
  float hidden_dropout = 0;
  float attention_dropout = 0;
  bool drops_attention_output = true;  // DistilBERT does not
  bool keeps_bf16 = false;             // see TraceStore and EmbeddingTable

  std::int64_t hidden_size() const { return attention.num_heads * attention.head_dim; }
};

/// What the backward pass of one layer needs. Matrices have padded_rows().
struct LayerTrace {
  Keep keep = Keep::floats;
  Matrix query, key_value;     // filled in any case
  std::vector<float> log_sum;  // [heads, rows out]
  KeptMatrix attention_normalised, output_normalised;
  std::vector<float> attention_inverse, output_inverse;  // [rows out]
  KeptMatrix up;                                         // before the activation

  std::array<Matrix*, 2> matrices() { return {&query, &key_value}; }  // see TraceStore
};

/// Memory that layers use and leave to the next.
struct LayerScratch {
  Matrix residual, context, projected, middle, active;
};

/// hidden_in: [padded keys, hidden]; hidden_out becomes [padded rows out, hidden]; neither may be the other.
/// `trace` is filled in any case: it also holds the queries and keys in flight.
void encoder_layer_forward(const EncoderLayer& layer, const EncoderShape& shape, const LayerRows& rows,
                           const Matrix& hidden_in, LayerTrace& trace, LayerScratch& scratch,
                           Matrix& hidden_out);

/// d_out: [padded rows out, hidden], is overwritten; d_in becomes [padded keys, hidden], of which only
/// rows.gradient_rows mean something where there are any.
void encoder_layer_backward(const EncoderLayer& layer, const EncoderShape& shape, const LayerRows& rows,
                            const LayerTrace& trace, LayerScratch& scratch, Matrix& d_out, Matrix& d_in);

}  // namespace incipit
