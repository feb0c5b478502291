#include "backbone/encoder.h"

#include <algorithm>

#include "backbone/read_attention.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "engine/stage_plan.h"
#include "ops/dropout.h"

namespace incipit {
namespace {

/// Everything that a pass keeps: the plan of its batch, the traces of its layers, and scratch.
struct EncoderPass : Pass {
  std::vector<Stage> stages;
  std::vector<LayerRows> rows;       // [layers]; of those that run
  std::vector<LayerTrace> traces;    // [layers] where traced, else one that all share
  std::int64_t lowest_gradient = 0;  // layer of the lowest virtual token; num_layers: there is none
  bool traced = false;
  std::optional<DropoutKey> dropout;
  Matrix* attention = nullptr;  // see Want
  Matrix embedding_normalised;
  std::vector<float> embedding_inverse;
  Matrix hidden, next;
  LayerScratch scratch;
};

class Encoder final : public Backbone {
 public:
  Encoder(BackboneSpec spec, EncoderShape shape, EncoderWeights weights)
      : spec_(std::move(spec)), shape_(shape), weights_(std::move(weights)) {}

  const BackboneSpec& spec() const override { return spec_; }
  std::unique_ptr<Pass> new_pass() const override { return std::make_unique<EncoderPass>(); }

  Status forward(const PackedBatch& batch, const Inputs& inputs, const Want& want, Pass& pass,
                 Matrix& read_rows) const override;
  void backward(const PackedBatch& batch, Pass& pass, ConstMatrixView d_read_rows,
                MatrixView d_virtual_rows) const override;
  Status hidden_states(const PackedBatch& batch, const Inputs& inputs, std::int64_t layer, Pass& pass,
                       Matrix& hidden) const override;
  void word_embedding(std::int32_t id, std::span<float> out) const override {
    std::copy_n(weights_.embeddings.word.row(id), spec_.hidden_size, out.data());
  }

 private:
  Status plan(const PackedBatch& batch, const Inputs& inputs, const Want& want, std::int64_t end_layer,
              EncoderPass& pass) const;
  Status check_tokens(const PackedBatch& batch, const Inputs& inputs) const;
  void plan_rows(const PackedBatch& batch, std::int64_t end_layer, EncoderPass& pass) const;
  void run(const PackedBatch& batch, const Inputs& inputs, std::int64_t end_layer, EncoderPass& pass) const;
  void enter(const PackedBatch& batch, const Inputs& inputs, const Stage& stage, EncoderPass& pass) const;
  void embed(const PackedBatch& batch, const Inputs& inputs, const Stage& stage, EncoderPass& pass) const;
  void leave(const PackedBatch& batch, const Stage& stage, EncoderPass& pass,
             MatrixView d_virtual_rows) const;

  BackboneSpec spec_;
  EncoderShape shape_;
  EncoderWeights weights_;
};

/// A key a row of the stage: of its example and its place in the sequence.
std::vector<std::uint64_t> row_keys(const PackedBatch& batch, const Stage& stage, const DropoutKey& key,
                                    std::uint64_t layer) {
  const std::uint64_t run_key = mix_bits(mix_bits(mix_bits(key.seed), key.step), layer);
  std::vector<std::uint64_t> keys;
  keys.reserve(stage.token.size());
  for (std::size_t s = 0; s < batch.sequences.size(); ++s) {
    const std::uint64_t example_key = mix_bits(run_key, batch.sequences[s].key);
    for (std::int64_t i = 0; i < stage.spans[s].count; ++i) {
      const std::int64_t token = stage.token[static_cast<std::size_t>(stage.spans[s].first + i)];
      keys.push_back(mix_bits(example_key, static_cast<std::uint64_t>(token - batch.sequences[s].first)));
    }
  }
  return keys;
}

/// A layer through which every row flows.
LayerRows all_rows(const Stage& stage) {
  LayerRows rows;
  rows.keys = stage.rows();
  for (const Stage::Span& span : stage.spans)
    if (span.count > 0) rows.spans.push_back({span.first, span.count, span.first, span.count});
  return rows;
}

/// The last layer, of which only the rows to read go out.
LayerRows read_rows_only(const PackedBatch& batch, const Stage& stage) {
  LayerRows rows;
  rows.keys = stage.rows();
  std::size_t next = 0;
  for (std::size_t s = 0; s < batch.sequences.size(); ++s) {
    const Sequence& sequence = batch.sequences[s];
    const auto first = static_cast<std::int64_t>(rows.queries.size());
    for (; next < batch.read.size() && batch.read[next] < sequence.first + sequence.count; ++next)
      rows.queries.push_back(
          batch.read[next]);  // every token has joined by now: its row is its place in the batch
    const auto count = static_cast<std::int64_t>(rows.queries.size()) - first;
    if (count > 0) rows.spans.push_back({first, count, stage.spans[s].first, stage.spans[s].count});
  }
  // A sequence that nothing reads is not attended to; its keys get no gradient but must not keep garbage.
  for (std::size_t s = 0; s < stage.spans.size(); ++s) {
    const auto covered = [&](const AttentionSpan& span) { return span.key_first == stage.spans[s].first; };
    if (std::none_of(rows.spans.begin(), rows.spans.end(), covered))
      rows.spans.push_back({0, 0, stage.spans[s].first, stage.spans[s].count});
  }
  if (rows.rows_out() == rows.keys) rows.queries.clear();
  return rows;
}

Status Encoder::check_tokens(const PackedBatch& batch, const Inputs& inputs) const {
  std::int64_t resumed = 0;
  const auto positions = weights_.embeddings.position.rows();
  for (std::int64_t i = 0; i < batch.size(); ++i) {
    const auto t = static_cast<std::size_t>(i);
    if (batch.token[t] >= spec_.vocab_size)
      return fail("token {}: id {} is outside of the model's vocabulary of {}", i, batch.token[t],
                  spec_.vocab_size);
    if (batch.token[t] < 0 && -1 - static_cast<std::int64_t>(batch.token[t]) >= inputs.virtual_rows.rows)
      return fail("token {}: virtual row {} of {}", i, -1 - static_cast<std::int64_t>(batch.token[t]),
                  inputs.virtual_rows.rows);
    if (batch.entry[t] == 0 && (batch.position[t] < 0 || batch.position[t] >= positions))
      return fail("token {}: position {}, the model has 0 to {}", i, batch.position[t], positions - 1);
    if (batch.entry[t] == 0 && weights_.embeddings.type.rows() > 0 &&
        (batch.token_type[t] < 0 || batch.token_type[t] >= weights_.embeddings.type.rows()))
      return fail("token {}: type {}, the model has 0 to {}", i, batch.token_type[t],
                  weights_.embeddings.type.rows() - 1);
    if (batch.token[t] >= 0 && batch.entry[t] > 0) ++resumed;
  }
  if (resumed != inputs.resumed_rows.rows)
    return fail("batch: {} tokens resume from hidden states, {} are given", resumed,
                inputs.resumed_rows.rows);
  return {};
}

Status Encoder::plan(const PackedBatch& batch, const Inputs& inputs, const Want& want, std::int64_t end_layer,
                     EncoderPass& pass) const {
  INCIPIT_CHECK(check_tokens(batch, inputs));
  INCIPIT_TRY(pass.stages, plan_stages(batch, spec_.num_layers));
  pass.traced = want.trace;
  pass.dropout = want.dropout;
  pass.attention = want.attention;
  if (pass.attention != nullptr) {
    pass.attention->resize(spec_.num_layers, batch.size());
    pass.attention->fill(0.0f);
  }
  pass.lowest_gradient = spec_.num_layers;
  for (std::size_t t = 0; t < batch.token.size(); ++t)
    if (batch.token[t] < 0)
      pass.lowest_gradient = std::min<std::int64_t>(pass.lowest_gradient, batch.entry[t]);
  pass.traces.resize(want.trace ? static_cast<std::size_t>(spec_.num_layers)
                                : std::max<std::size_t>(1, pass.traces.size()));
  plan_rows(batch, end_layer, pass);
  return {};
}

void Encoder::plan_rows(const PackedBatch& batch, std::int64_t end_layer, EncoderPass& pass) const {
  pass.rows.assign(static_cast<std::size_t>(spec_.num_layers), {});
  for (const Stage& stage : pass.stages)
    for (std::int64_t l = stage.first_layer; l < std::min(stage.end_layer, end_layer); ++l) {
      LayerRows& rows = pass.rows[static_cast<std::size_t>(l)];
      const bool last = l == spec_.num_layers - 1 && !batch.read.empty();
      rows = last ? read_rows_only(batch, stage) : all_rows(stage);
      if (!pass.dropout) continue;
      rows.dropout_keys = row_keys(batch, stage, *pass.dropout, static_cast<std::uint64_t>(l) + 1);
      if (rows.queries.empty()) continue;
      std::vector<std::uint64_t> kept;
      for (const std::int64_t query : rows.queries)
        kept.push_back(rows.dropout_keys[static_cast<std::size_t>(query)]);
      rows.dropout_keys = std::move(kept);
    }
}

/// Word, position and type of the stage's tokens, normalised.
void Encoder::embed(const PackedBatch& batch, const Inputs& inputs, const Stage& stage,
                    EncoderPass& pass) const {
  const EncoderEmbeddings& table = weights_.embeddings;
  const std::int64_t hidden = spec_.hidden_size, rows = stage.rows();
  pass.hidden.resize(padded_rows(rows), hidden);
  parallel_for(rows, 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const auto token = static_cast<std::size_t>(stage.token[static_cast<std::size_t>(i)]);
      const std::int64_t id = batch.token[token];
      const float* word = id >= 0 ? table.word.row(id) : inputs.virtual_rows.row(-1 - id);
      const float* position = table.position.row(batch.position[token]);
      const float* type = table.type.rows() > 0 ? table.type.row(batch.token_type[token]) : nullptr;
      float* out = pass.hidden.row(i);
      for (std::int64_t j = 0; j < hidden; ++j)
        out[j] = word[j] + position[j] + (type != nullptr ? type[j] : 0.0f);
    }
  });
  pass.embedding_normalised.resize(rows, hidden);
  pass.embedding_inverse.resize(static_cast<std::size_t>(rows));
  layer_norm(table.norm, pass.hidden.data(), nullptr, rows, pass.hidden.data(),
             pass.embedding_normalised.data(), pass.embedding_inverse.data());
  if (pass.dropout && shape_.hidden_dropout > 0)
    dropout_rows(pass.hidden.data(), row_keys(batch, stage, *pass.dropout, 0), hidden, shape_.hidden_dropout,
                 pass.hidden.data());
}

/// Merges the rows that join at this stage with those of the stage before.
void Encoder::enter(const PackedBatch& batch, const Inputs& inputs, const Stage& stage,
                    EncoderPass& pass) const {
  if (stage.first_layer == 0) {
    embed(batch, inputs, stage, pass);
    return;
  }
  const std::int64_t hidden = spec_.hidden_size;
  pass.next.resize(padded_rows(stage.rows()), hidden);
  std::vector<std::int64_t> resumed_row(batch.token.size(), -1);
  for (std::int64_t t = 0, count = 0; t < batch.size(); ++t) {
    const auto token = static_cast<std::size_t>(t);
    if (batch.token[token] >= 0 && batch.entry[token] > 0) resumed_row[token] = count++;
  }
  for (std::int64_t i = 0; i < stage.rows(); ++i) {
    const auto row = static_cast<std::size_t>(i);
    const auto token = static_cast<std::size_t>(stage.token[row]);
    const float* source = stage.previous[row] >= 0 ? pass.hidden.row(stage.previous[row])
                          : batch.token[token] < 0 ? inputs.virtual_rows.row(-1 - batch.token[token])
                                                   : inputs.resumed_rows.row(resumed_row[token]);
    std::copy_n(source, hidden, pass.next.row(i));
  }
  std::swap(pass.hidden, pass.next);
}

void Encoder::run(const PackedBatch& batch, const Inputs& inputs, std::int64_t end_layer,
                  EncoderPass& pass) const {
  for (const Stage& stage : pass.stages) {
    if (stage.first_layer >= end_layer) return;
    enter(batch, inputs, stage, pass);
    for (std::int64_t l = stage.first_layer; l < std::min(stage.end_layer, end_layer); ++l) {
      const auto layer = static_cast<std::size_t>(l);
      LayerTrace& trace = pass.traces[pass.traced && l >= pass.lowest_gradient ? layer : 0];
      encoder_layer_forward(weights_.layers[layer], shape_, pass.rows[layer], pass.hidden, trace,
                            pass.scratch, pass.next);
      if (pass.attention != nullptr)
        measure_read_attention(batch, stage, shape_.attention, pass.rows[layer], trace,
                               {pass.attention->row(l), batch.token.size()});
      std::swap(pass.hidden, pass.next);
    }
  }
}

Status Encoder::forward(const PackedBatch& batch, const Inputs& inputs, const Want& want, Pass& opaque,
                        Matrix& read_rows) const {
  auto& pass = static_cast<EncoderPass&>(opaque);
  if (batch.read.empty()) return fail("batch: nothing to read");
  INCIPIT_CHECK(plan(batch, inputs, want, spec_.num_layers, pass));
  run(batch, inputs, spec_.num_layers, pass);
  read_rows.resize(static_cast<std::int64_t>(batch.read.size()), spec_.hidden_size);
  std::copy_n(pass.hidden.data(), read_rows.size(), read_rows.data());
  return {};
}

Status Encoder::hidden_states(const PackedBatch& batch, const Inputs& inputs, std::int64_t layer,
                              Pass& opaque, Matrix& hidden) const {
  auto& pass = static_cast<EncoderPass&>(opaque);
  if (layer < 0 || layer > spec_.num_layers)
    return fail("hidden states of layer {} of {}", layer, spec_.num_layers);
  if (!batch.read.empty()) return fail("batch: hidden states are wanted, so nothing may be read");
  INCIPIT_CHECK(plan(batch, inputs, {}, layer, pass));
  if (layer == 0 && !pass.stages.empty() && pass.stages.front().first_layer == 0)
    embed(batch, inputs, pass.stages.front(), pass);
  else
    run(batch, inputs, layer, pass);
  hidden.resize(batch.size(), spec_.hidden_size);
  hidden.fill(0.0f);
  const Stage* last = nullptr;
  for (const Stage& stage : pass.stages)
    if (stage.first_layer < std::max<std::int64_t>(layer, 1)) last = &stage;
  if (last == nullptr) return {};
  for (std::int64_t i = 0; i < last->rows(); ++i)
    std::copy_n(pass.hidden.row(i), spec_.hidden_size, hidden.row(last->token[static_cast<std::size_t>(i)]));
  return {};
}

/// Hands the gradient of the rows that joined at this stage to their owners and keeps the others', as rows of
/// the stage before.
void Encoder::leave(const PackedBatch& batch, const Stage& stage, EncoderPass& pass,
                    MatrixView d_virtual_rows) const {
  const std::int64_t hidden = spec_.hidden_size;
  if (stage.first_layer == 0) {
    if (pass.dropout && shape_.hidden_dropout > 0)
      dropout_rows(pass.hidden.data(), row_keys(batch, stage, *pass.dropout, 0), hidden,
                   shape_.hidden_dropout, pass.hidden.data());
    layer_norm_backward(weights_.embeddings.norm, pass.hidden.data(), pass.embedding_normalised.data(),
                        pass.embedding_inverse.data(), stage.rows(), pass.hidden.data());
  }
  const auto kept =
      std::count_if(stage.previous.begin(), stage.previous.end(), [](std::int64_t p) { return p >= 0; });
  pass.next.resize(padded_rows(kept), hidden);
  for (std::int64_t i = 0; i < stage.rows(); ++i) {
    const auto row = static_cast<std::size_t>(i);
    const float* gradient = pass.hidden.row(i);
    const std::int32_t id = batch.token[static_cast<std::size_t>(stage.token[row])];
    if (stage.previous[row] >= 0) {
      std::copy_n(gradient, hidden, pass.next.row(stage.previous[row]));
    } else if (id < 0) {
      float* sum = d_virtual_rows.row(-1 - id);
      for (std::int64_t j = 0; j < hidden; ++j) sum[j] += gradient[j];
    }
  }
  std::swap(pass.hidden, pass.next);
}

void Encoder::backward(const PackedBatch& batch, Pass& opaque, ConstMatrixView d_read_rows,
                       MatrixView d_virtual_rows) const {
  auto& pass = static_cast<EncoderPass&>(opaque);
  if (!pass.traced || pass.lowest_gradient >= spec_.num_layers) return;
  pass.hidden.resize(padded_rows(d_read_rows.rows), spec_.hidden_size);
  for (std::int64_t i = 0; i < d_read_rows.rows; ++i)
    std::copy_n(d_read_rows.row(i), spec_.hidden_size, pass.hidden.row(i));
  for (auto stage = pass.stages.rbegin(); stage != pass.stages.rend(); ++stage) {
    for (std::int64_t l = stage->end_layer - 1; l >= stage->first_layer; --l) {
      const auto layer = static_cast<std::size_t>(l);
      encoder_layer_backward(weights_.layers[layer], shape_, pass.rows[layer], pass.traces[layer],
                             pass.scratch, pass.hidden, pass.next);
      std::swap(pass.hidden, pass.next);
    }
    leave(batch, *stage, pass, d_virtual_rows);
    if (stage->first_layer <= pass.lowest_gradient) return;
  }
}

}  // namespace

std::unique_ptr<Backbone> make_encoder(BackboneSpec spec, EncoderShape shape, EncoderWeights weights) {
  return std::make_unique<Encoder>(std::move(spec), shape, std::move(weights));
}

}  // namespace incipit
