#include "backbone/encoder.h"

#include <algorithm>

#include "backbone/layer_stack.h"
#include "backbone/read_attention.h"
#include "backbone/trace_store.h"
#include "base/parallel.h"
#include "ops/dropout.h"

namespace incipit {
namespace {

struct EncoderPass : StackPass {
  TraceStore<LayerTrace> traces;
  Matrix embedding_normalised;
  std::vector<float> embedding_inverse;
  LayerScratch scratch;
};

class Encoder final : public LayerStack {
 public:
  Encoder(BackboneSpec spec, EncoderShape shape, EncoderWeights weights)
      : LayerStack(std::move(spec)), shape_(shape), weights_(std::move(weights)) {}

  std::unique_ptr<Pass> new_pass() const override { return std::make_unique<EncoderPass>(); }
  void word_embedding(std::int32_t id, std::span<float> out) const override {
    weights_.embeddings.word.copy_row(id, out);
  }

 private:
  Status check_positions(const PackedBatch& batch) const override;
  void prepare(const PackedBatch& batch, StackPass& pass) const override;
  void embed(const PackedBatch& batch, const Inputs& inputs, const Stage& stage,
             StackPass& pass) const override;
  void embed_backward(const PackedBatch& batch, const Stage& stage, StackPass& pass) const override;
  void run_layer(std::int64_t layer, const PackedBatch& batch, const Stage& stage,
                 StackPass& pass) const override;
  void run_layer_backward(std::int64_t layer, const Stage& stage, StackPass& pass) const override;
  // A post-norm encoder ends with its last layer.
  void finish(std::int64_t /*rows*/, StackPass& /*pass*/) const override {}
  void finish_backward(std::int64_t /*rows*/, StackPass& /*pass*/) const override {}
  std::int64_t attention_window(std::int64_t /*layer*/) const override { return 0; }

  EncoderShape shape_;
  EncoderWeights weights_;
};

Status Encoder::check_positions(const PackedBatch& batch) const {
  const std::int64_t positions = weights_.embeddings.position.rows(), types = weights_.embeddings.type.rows();
  for (std::size_t t = 0; t < batch.token.size(); ++t) {
    if (batch.entry[t] > 0) continue;
    if (batch.position[t] < 0 || batch.position[t] >= positions)
      return fail("token {}: position {}, the model has 0 to {}", t, batch.position[t], positions - 1);
    if (types > 0 && (batch.token_type[t] < 0 || batch.token_type[t] >= types))
      return fail("token {}: type {}, the model has 0 to {}", t, batch.token_type[t], types - 1);
  }
  return {};
}

void Encoder::prepare(const PackedBatch& /*batch*/, StackPass& opaque) const {
  auto& pass = static_cast<EncoderPass&>(opaque);
  pass.traces.prepare(spec().num_layers, pass.first_kept(), shape_.keeps_bf16);
}

/// Word, position and type of the stage's tokens, normalised.
void Encoder::embed(const PackedBatch& batch, const Inputs& inputs, const Stage& stage,
                    StackPass& opaque) const {
  auto& pass = static_cast<EncoderPass&>(opaque);
  const EncoderEmbeddings& table = weights_.embeddings;
  const std::int64_t hidden = spec().hidden_size, rows = stage.rows();
  pass.hidden.resize(padded_rows(rows), hidden);
  parallel_for(rows, 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const auto token = static_cast<std::size_t>(stage.token[static_cast<std::size_t>(i)]);
      const float* position = table.position.row(batch.position[token]);
      const float* type = table.type.rows() > 0 ? table.type.row(batch.token_type[token]) : nullptr;
      float* out = pass.hidden.row(i);
      copy_input_row(batch, inputs, table.word, stage.token[static_cast<std::size_t>(i)],
                     {out, static_cast<std::size_t>(hidden)});
      for (std::int64_t j = 0; j < hidden; ++j) out[j] += position[j] + (type != nullptr ? type[j] : 0.0f);
    }
  });
  pass.embedding_normalised.resize(rows, hidden);
  pass.embedding_inverse.resize(static_cast<std::size_t>(rows));
  layer_norm(table.norm, pass.hidden.data(), nullptr, rows, pass.hidden.data(),
             pass.embedding_normalised.data(), pass.embedding_inverse.data());
  if (pass.dropout && shape_.hidden_dropout > 0)
    dropout_rows(pass.hidden.data(), dropout_keys(batch, stage, *pass.dropout, 0), hidden,
                 shape_.hidden_dropout, pass.hidden.data());
}

void Encoder::embed_backward(const PackedBatch& batch, const Stage& stage, StackPass& opaque) const {
  auto& pass = static_cast<EncoderPass&>(opaque);
  if (pass.dropout && shape_.hidden_dropout > 0)
    dropout_rows(pass.hidden.data(), dropout_keys(batch, stage, *pass.dropout, 0), spec().hidden_size,
                 shape_.hidden_dropout, pass.hidden.data());
  layer_norm_backward(weights_.embeddings.norm, pass.hidden.data(), pass.embedding_normalised.data(),
                      pass.embedding_inverse.data(), stage.rows(), pass.hidden.data());
}

void Encoder::run_layer(std::int64_t l, const PackedBatch& batch, const Stage& stage,
                        StackPass& opaque) const {
  auto& pass = static_cast<EncoderPass&>(opaque);
  const auto layer = static_cast<std::size_t>(l);
  LayerTrace& trace = pass.traces.open(l);
  encoder_layer_forward(weights_.layers[layer], shape_, pass.rows[layer], pass.hidden, trace, pass.scratch,
                        pass.next);
  std::swap(pass.hidden, pass.next);
  if (const std::span<float> shares = pass.attention_of(l); !shares.empty()) {
    const LayerRows& rows = pass.rows[layer];
    const std::int64_t hidden = spec().hidden_size;
    measure_read_attention(batch, stage, shape_.attention, rows,
                           {{trace.query.data(), rows.rows_out(), hidden, trace.query.cols()},
                            {trace.key_value.data(), rows.keys, hidden, trace.key_value.cols()},
                            trace.log_sum.data()},
                           shares);
  }
  pass.traces.close(l);
}

void Encoder::run_layer_backward(std::int64_t l, const Stage& /*stage*/, StackPass& opaque) const {
  auto& pass = static_cast<EncoderPass&>(opaque);
  const auto layer = static_cast<std::size_t>(l);
  encoder_layer_backward(weights_.layers[layer], shape_, pass.rows[layer], pass.traces.recall(l),
                         pass.scratch, pass.hidden, pass.next);
  std::swap(pass.hidden, pass.next);
}

}  // namespace

std::unique_ptr<Backbone> make_encoder(BackboneSpec spec, EncoderShape shape, EncoderWeights weights) {
  return std::make_unique<Encoder>(std::move(spec), shape, std::move(weights));
}

}  // namespace incipit
