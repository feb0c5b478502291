#include "backbone/decoder.h"

#include <algorithm>

#include "backbone/layer_stack.h"
#include "backbone/read_attention.h"
#include "backbone/trace_store.h"
#include "base/parallel.h"
#include "ops/dropout.h"

namespace incipit {
namespace {

struct DecoderPass : StackPass {
  explicit DecoderPass(const std::vector<float>& frequencies) : table(frequencies) {}

  TraceStore<DecoderTrace> traces;
  DecoderScratch scratch;
  NormTrace final_norm;
  RotaryTable table;
  std::vector<std::vector<std::int32_t>> positions;  // [stages][rows]
  std::vector<std::int32_t> read_positions;          // of the rows that the last layer lets out
};

class Decoder final : public LayerStack {
 public:
  Decoder(BackboneSpec spec, DecoderShape shape, DecoderWeights weights)
      : LayerStack(std::move(spec)), shape_(std::move(shape)), weights_(std::move(weights)) {}

  std::unique_ptr<Pass> new_pass() const override {
    return std::make_unique<DecoderPass>(shape_.rotary_frequencies);
  }
  void word_embedding(std::int32_t id, std::span<float> out) const override {
    weights_.word.copy_row(id, out);
  }

 private:
  bool is_rotary() const { return !shape_.rotary_frequencies.empty(); }
  Status check_positions(const PackedBatch& batch) const override;
  void prepare(const PackedBatch& batch, StackPass& pass) const override;
  void embed(const PackedBatch& batch, const Inputs& inputs, const Stage& stage,
             StackPass& pass) const override;
  void embed_backward(const PackedBatch& batch, const Stage& stage, StackPass& pass) const override;
  void drop_embeddings(const PackedBatch& batch, const Stage& stage, StackPass& pass) const;
  Rotation rotation(std::int64_t layer, const Stage& stage, const DecoderPass& pass) const;
  void run_layer(std::int64_t layer, const PackedBatch& batch, const Stage& stage,
                 StackPass& pass) const override;
  void run_layer_backward(std::int64_t layer, const Stage& stage, StackPass& pass) const override;
  void finish(std::int64_t rows, StackPass& pass) const override;
  void finish_backward(std::int64_t rows, StackPass& pass) const override;
  std::int64_t attention_window(std::int64_t layer) const override {
    return shape_.windows.empty() ? 0 : shape_.windows[static_cast<std::size_t>(layer)];
  }

  DecoderShape shape_;
  DecoderWeights weights_;
};

Status Decoder::check_positions(const PackedBatch& batch) const {
  for (std::size_t t = 0; t < batch.token.size(); ++t) {
    if (batch.entry[t] > 0 && !is_rotary()) continue;
    if (batch.position[t] < 0 || batch.position[t] >= spec().positions.usable)
      return fail("token {}: position {}, the model has 0 to {}", t, batch.position[t],
                  spec().positions.usable - 1);
  }
  return {};
}

void Decoder::prepare(const PackedBatch& batch, StackPass& opaque) const {
  auto& pass = static_cast<DecoderPass&>(opaque);
  pass.traces.prepare(spec().num_layers, pass.first_kept(), shape_.keeps_bf16);
  if (!is_rotary() || batch.size() == 0) return;
  pass.table.reserve(*std::max_element(batch.position.begin(), batch.position.end()) + 1);
  pass.positions.clear();
  for (const Stage& stage : pass.stages) {
    std::vector<std::int32_t>& positions = pass.positions.emplace_back();
    for (const std::int64_t token : stage.token)
      positions.push_back(batch.position[static_cast<std::size_t>(token)]);
  }
  pass.read_positions.clear();
  for (const std::int64_t token : batch.read)
    pass.read_positions.push_back(batch.position[static_cast<std::size_t>(token)]);
}

void Decoder::embed(const PackedBatch& batch, const Inputs& inputs, const Stage& stage,
                    StackPass& pass) const {
  const std::int64_t hidden = spec().hidden_size;
  pass.hidden.resize(padded_rows(stage.rows()), hidden);
  parallel_for(stage.rows(), 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t token = stage.token[static_cast<std::size_t>(i)];
      float* out = pass.hidden.row(i);
      copy_input_row(batch, inputs, weights_.word, token, {out, static_cast<std::size_t>(hidden)});
      if (is_rotary()) continue;
      const float* position = weights_.position.row(batch.position[static_cast<std::size_t>(token)]);
      for (std::int64_t j = 0; j < hidden; ++j) out[j] += position[j];
    }
  });
  drop_embeddings(batch, stage, pass);
}

void Decoder::embed_backward(const PackedBatch& batch, const Stage& stage, StackPass& pass) const {
  drop_embeddings(batch, stage, pass);
}

void Decoder::drop_embeddings(const PackedBatch& batch, const Stage& stage, StackPass& pass) const {
  if (pass.dropout && shape_.embedding_dropout > 0)
    dropout_rows(pass.hidden.data(), dropout_keys(batch, stage, *pass.dropout, 0), spec().hidden_size,
                 shape_.embedding_dropout, pass.hidden.data());
}

Rotation Decoder::rotation(std::int64_t layer, const Stage& stage, const DecoderPass& pass) const {
  if (!is_rotary()) return {};
  const std::vector<std::int32_t>& keys =
      pass.positions[static_cast<std::size_t>(&stage - pass.stages.data())];
  const bool trimmed = !pass.rows[static_cast<std::size_t>(layer)].queries.empty();
  return {&pass.table, keys, trimmed ? pass.read_positions : keys};
}

void Decoder::run_layer(std::int64_t l, const PackedBatch& batch, const Stage& stage,
                        StackPass& opaque) const {
  auto& pass = static_cast<DecoderPass&>(opaque);
  const auto layer = static_cast<std::size_t>(l);
  DecoderTrace& trace = pass.traces.open(l);
  decoder_layer_forward(weights_.layers[layer], shape_, pass.rows[layer], rotation(l, stage, pass), trace,
                        pass.scratch, pass.hidden);
  for (std::size_t s = 0; s < pass.keep_kv.size(); ++s)
    if (pass.keep_kv[s] != nullptr)
      pass.keep_kv[s]->append(l, own_keys_and_values(weights_.layers[layer], shape_, trace,
                                                     stage.spans[s].first, stage.spans[s].count));
  if (const std::span<float> shares = pass.attention_of(l); !shares.empty())
    measure_read_attention(
        batch, stage, shape_.attention, pass.rows[layer],
        attention_inputs(weights_.layers[layer], shape_, pass.rows[layer], trace, pass.scratch), shares);
  pass.traces.close(l);
}

void Decoder::run_layer_backward(std::int64_t l, const Stage& stage, StackPass& opaque) const {
  auto& pass = static_cast<DecoderPass&>(opaque);
  const auto layer = static_cast<std::size_t>(l);
  decoder_layer_backward(weights_.layers[layer], shape_, pass.rows[layer], rotation(l, stage, pass),
                         pass.traces.recall(l), pass.scratch, pass.hidden);
}

void Decoder::finish(std::int64_t rows, StackPass& opaque) const {
  auto& pass = static_cast<DecoderPass&>(opaque);
  normalise(weights_.final_norm, pass.hidden, rows, Keep::floats, pass.final_norm, pass.next);
  std::swap(pass.hidden, pass.next);
}

void Decoder::finish_backward(std::int64_t rows, StackPass& opaque) const {
  auto& pass = static_cast<DecoderPass&>(opaque);
  normalise_backward(weights_.final_norm, pass.final_norm, rows, pass.hidden);
}

}  // namespace

std::unique_ptr<Backbone> make_decoder(BackboneSpec spec, DecoderShape shape, DecoderWeights weights) {
  return std::make_unique<Decoder>(std::move(spec), std::move(shape), std::move(weights));
}

}  // namespace incipit
