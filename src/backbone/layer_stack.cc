#include "backbone/layer_stack.h"

#include <algorithm>

#include "base/rng.h"
#include "ops/linear.h"

namespace incipit {

std::vector<std::uint64_t> LayerStack::dropout_keys(const PackedBatch& batch, const Stage& stage,
                                                    const DropoutKey& key, std::uint64_t layer) {
  return row_keys(batch, stage, mix_bits(mix_bits(mix_bits(key.seed), key.step), layer));
}

Status LayerStack::check_tokens(const PackedBatch& batch, const Inputs& inputs) const {
  std::int64_t resumed = 0;
  for (std::int64_t i = 0; i < batch.size(); ++i) {
    const auto t = static_cast<std::size_t>(i);
    if (batch.token[t] >= spec_.vocab_size)
      return fail("token {}: id {} is outside of the model's vocabulary of {}", i, batch.token[t],
                  spec_.vocab_size);
    if (batch.token[t] < 0 && -1 - static_cast<std::int64_t>(batch.token[t]) >= inputs.virtual_rows.rows)
      return fail("token {}: virtual row {} of {}", i, -1 - static_cast<std::int64_t>(batch.token[t]),
                  inputs.virtual_rows.rows);
    if (batch.token[t] >= 0 && batch.entry[t] > 0) ++resumed;
  }
  if (resumed != inputs.resumed_rows.rows)
    return fail("batch: {} tokens resume from hidden states, {} are given", resumed,
                inputs.resumed_rows.rows);
  for (std::size_t s = 0; s < batch.sequences.size() && !spec_.is_causal; ++s)
    if (batch.sequences[s].parent >= 0 || batch.sequences[s].kv_block >= 0)
      return fail("batch: sequence {} continues another, which a bidirectional model cannot", s);
  return {};
}

Status LayerStack::check_kv(const PackedBatch& batch, const Inputs& inputs, const Want& want) const {
  const std::int64_t width = 2 * spec_.num_key_value_heads * spec_.head_dim;
  for (std::size_t b = 0; b < inputs.kv_blocks.size(); ++b) {
    const KvBlock& block = *inputs.kv_blocks[b];
    if (!block.empty() && (block.num_layers() != spec_.num_layers || block.width() != width))
      return fail("block {}: {} layers of keys and values of {}, the model has {} of {}", b,
                  block.num_layers(), block.width(), spec_.num_layers, width);
  }
  bool continues = false;
  for (std::size_t s = 0; s < batch.sequences.size(); ++s) {
    const std::int64_t block = batch.sequences[s].kv_block;
    if (block < -1 || block >= std::ssize(inputs.kv_blocks))
      return fail("batch: sequence {} continues block {} of {}", s, block, inputs.kv_blocks.size());
    continues |= block >= 0;
  }
  if (continues && (want.trace || want.dropout || want.attention != nullptr))
    return fail("batch: sequences that continue a block can be neither trained nor measured");
  if (want.keep_kv.empty()) return {};
  if (!spec_.is_causal) return fail("batch: a bidirectional model's keys and values cannot be continued");
  if (want.keep_kv.size() != batch.sequences.size())
    return fail("batch: {} sequences, {} blocks to keep them in", batch.sequences.size(),
                want.keep_kv.size());
  return {};
}

Status LayerStack::plan(const PackedBatch& batch, const Inputs& inputs, const Want& want,
                        std::int64_t end_layer, StackPass& pass) const {
  INCIPIT_TRY(pass.stages, plan_stages(batch, spec_.num_layers));
  INCIPIT_CHECK(check_tokens(batch, inputs));
  INCIPIT_CHECK(check_kv(batch, inputs, want));
  INCIPIT_CHECK(check_positions(batch));
  pass.traced = want.trace;
  pass.dropout = want.dropout;
  pass.attention = want.attention;
  pass.keep_kv = want.keep_kv;
  if (pass.attention != nullptr) {
    pass.attention->resize(spec_.num_layers, batch.size());
    pass.attention->fill(0.0f);
  }
  pass.lowest_gradient = spec_.num_layers;
  for (std::size_t t = 0; t < batch.token.size(); ++t)
    if (batch.token[t] < 0)
      pass.lowest_gradient = std::min<std::int64_t>(pass.lowest_gradient, batch.entry[t]);
  plan_rows(batch, inputs, end_layer, pass);
  prepare(batch, pass);
  return {};
}

void LayerStack::plan_rows(const PackedBatch& batch, const Inputs& inputs, std::int64_t end_layer,
                           StackPass& pass) const {
  pass.rows.assign(static_cast<std::size_t>(spec_.num_layers), {});
  for (const Stage& stage : pass.stages)
    for (std::int64_t l = stage.first_layer; l < std::min(stage.end_layer, end_layer); ++l) {
      LayerRows& rows = pass.rows[static_cast<std::size_t>(l)];
      const bool last = l == spec_.num_layers - 1 && !batch.read.empty();
      rows = plan_layer_rows(batch, stage, {spec_.is_causal, attention_window(l), last, l, inputs.kv_blocks});
      if (pass.traced && l == pass.lowest_gradient)
        for (std::int64_t i = 0; i < stage.rows(); ++i)
          if (batch.token[static_cast<std::size_t>(stage.token[static_cast<std::size_t>(i)])] < 0)
            rows.gradient_rows.push_back(i);
      if (!pass.dropout) continue;
      rows.dropout_keys = dropout_keys(batch, stage, *pass.dropout, static_cast<std::uint64_t>(l) + 1);
      if (rows.queries.empty()) continue;
      std::vector<std::uint64_t> kept;
      for (const std::int64_t query : rows.queries)
        kept.push_back(rows.dropout_keys[static_cast<std::size_t>(query)]);
      rows.dropout_keys = std::move(kept);
    }
}

/// Merges the rows that join at this stage with those of the stage before.
void LayerStack::enter(const PackedBatch& batch, const Inputs& inputs, const Stage& stage,
                       StackPass& pass) const {
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

void LayerStack::run(const PackedBatch& batch, const Inputs& inputs, std::int64_t end_layer,
                     StackPass& pass) const {
  for (const Stage& stage : pass.stages) {
    if (stage.first_layer >= end_layer) return;
    enter(batch, inputs, stage, pass);
    for (std::int64_t l = stage.first_layer; l < std::min(stage.end_layer, end_layer); ++l)
      run_layer(l, batch, stage, pass);
  }
}

Status LayerStack::forward(const PackedBatch& batch, const Inputs& inputs, const Want& want, Pass& opaque,
                           Matrix& read_rows) const {
  auto& pass = static_cast<StackPass&>(opaque);
  if (batch.read.empty()) return fail("batch: nothing to read");
  INCIPIT_CHECK(plan(batch, inputs, want, spec_.num_layers, pass));
  run(batch, inputs, spec_.num_layers, pass);
  finish(std::ssize(batch.read), pass);
  read_rows.resize(std::ssize(batch.read), spec_.hidden_size);
  std::copy_n(pass.hidden.data(), read_rows.size(), read_rows.data());
  return {};
}

Status LayerStack::hidden_states(const PackedBatch& batch, const Inputs& inputs, std::int64_t layer,
                                 Pass& opaque, Matrix& hidden) const {
  auto& pass = static_cast<StackPass&>(opaque);
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
  if (layer == spec_.num_layers) finish(last->rows(), pass);
  for (std::int64_t i = 0; i < last->rows(); ++i)
    std::copy_n(pass.hidden.row(i), spec_.hidden_size, hidden.row(last->token[static_cast<std::size_t>(i)]));
  return {};
}

/// Hands the gradient of the rows that joined at this stage to their owners and keeps the others', as rows of
/// the stage before.
void LayerStack::leave(const PackedBatch& batch, const Stage& stage, StackPass& pass,
                       MatrixView d_virtual_rows) const {
  const std::int64_t hidden = spec_.hidden_size;
  if (stage.first_layer == 0) embed_backward(batch, stage, pass);
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

void LayerStack::backward(const PackedBatch& batch, Pass& opaque, ConstMatrixView d_read_rows,
                          MatrixView d_virtual_rows) const {
  auto& pass = static_cast<StackPass&>(opaque);
  if (!pass.traced || pass.lowest_gradient >= spec_.num_layers) return;
  pass.hidden.resize(padded_rows(d_read_rows.rows), spec_.hidden_size);
  for (std::int64_t i = 0; i < d_read_rows.rows; ++i)
    std::copy_n(d_read_rows.row(i), spec_.hidden_size, pass.hidden.row(i));
  finish_backward(d_read_rows.rows, pass);
  for (auto stage = pass.stages.rbegin(); stage != pass.stages.rend(); ++stage) {
    for (std::int64_t l = stage->end_layer - 1; l >= stage->first_layer; --l)
      run_layer_backward(l, *stage, pass);
    leave(batch, *stage, pass, d_virtual_rows);
    if (stage->first_layer <= pass.lowest_gradient) return;
  }
}

}  // namespace incipit
