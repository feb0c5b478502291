#include "backbone/decoder_layer.h"

#include <algorithm>
#include <utility>

#include "base/parallel.h"
#include "base/rng.h"
#include "ops/dropout.h"

namespace incipit {
namespace {

/// The places of a layer where dropout acts.
enum class DropoutSite : std::uint64_t { attention, attention_output, output };

constexpr std::int64_t kGrain = 64;  // rows worth a thread

void gather_rows(const Matrix& source, std::span<const std::int64_t> rows, Matrix& destination) {
  destination.resize(padded_rows(std::ssize(rows)), source.cols());
  for (std::size_t i = 0; i < rows.size(); ++i)
    std::copy_n(source.row(rows[i]), source.cols(), destination.row(static_cast<std::int64_t>(i)));
}

/// Adds row i of source to row rows[i], or i where there are no `rows`, of destination.
void add_rows(const Matrix& source, std::int64_t count, std::span<const std::int64_t> rows,
              Matrix& destination) {
  for (std::int64_t i = 0; i < count; ++i) {
    const float* from = source.row(i);
    float* to = destination.row(rows.empty() ? i : rows[static_cast<std::size_t>(i)]);
    for (std::int64_t j = 0; j < source.cols(); ++j) to[j] += from[j];
  }
}

void add_all(const Matrix& source, std::int64_t count, Matrix& destination) {
  parallel_for(count, kGrain, [&](std::int64_t begin, std::int64_t end) {
    const float* from = source.row(begin);
    float* to = destination.row(begin);
    for (std::int64_t i = 0; i < (end - begin) * source.cols(); ++i) to[i] += from[i];
  });
}

bool drops(const LayerRows& rows, float rate) {
  return rate > 0 && !rows.dropout_keys.empty();
}

std::span<const std::uint64_t> site_keys(const LayerRows& rows, DropoutSite site, DecoderScratch& scratch) {
  scratch.dropout_keys = rows.dropout_keys;
  for (std::uint64_t& key : scratch.dropout_keys) key = mix_bits(key, static_cast<std::uint64_t>(site));
  return scratch.dropout_keys;
}

MatrixView part(Matrix& matrix, std::int64_t rows, std::int64_t first_col, std::int64_t cols) {
  return {matrix.data() + first_col, rows, cols, matrix.cols()};
}
ConstMatrixView part(const Matrix& matrix, std::int64_t rows, std::int64_t first_col, std::int64_t cols) {
  return {matrix.data() + first_col, rows, cols, matrix.cols()};
}

/// Where a layer's queries, keys and values are. Keys and values are gathered where sequences continue
/// others.
template <typename Values, typename View>
struct AttentionRows {
  View query, key, value;

  AttentionRows(const DecoderLayer& layer, const DecoderShape& shape, const LayerRows& rows, Values& queries,
                Values& own, Values& gathered) {
    const std::int64_t query_width = shape.query_width(), key_width = shape.key_width();
    const std::int64_t first = layer.query ? 0 : query_width;
    query = part(layer.query ? queries : own, rows.rows_out(), 0, query_width);
    const bool gathers = !rows.key_rows.empty();
    Values& keys = gathers ? gathered : own;
    const std::int64_t count = gathers ? std::ssize(rows.key_rows) : rows.keys;
    key = part(keys, count, gathers ? 0 : first, key_width);
    value = part(keys, count, (gathers ? 0 : first) + key_width, key_width);
  }
};
using ReadRows = AttentionRows<const Matrix, ConstMatrixView>;
using WrittenRows = AttentionRows<Matrix, MatrixView>;

/// The keys and values of rows.key_rows, side by side.
void gather_keys(const DecoderLayer& layer, const DecoderShape& shape, const LayerRows& rows,
                 const Matrix& own, Matrix& gathered) {
  const std::int64_t first = layer.query ? 0 : shape.query_width(), width = 2 * shape.key_width();
  gathered.resize(std::ssize(rows.key_rows), width);
  for (std::int64_t i = 0; i < gathered.rows(); ++i)
    if (const std::int64_t row = rows.key_rows[static_cast<std::size_t>(i)]; row >= 0)
      std::copy_n(own.row(row) + first, width, gathered.row(i));
  for (const LayerRows::BlockKeys& block : rows.block_keys)
    std::copy_n(block.rows.data, block.rows.rows * width, gathered.row(block.first));
}

/// Sums the gradients of a row's keys and values over the sequences that attend to them, always in the same
/// order.
void scatter_keys(const DecoderLayer& layer, const DecoderShape& shape, const LayerRows& rows,
                  const Matrix& gathered, Matrix& own) {
  const std::int64_t first = layer.query ? 0 : shape.query_width(), width = 2 * shape.key_width();
  for (std::int64_t i = 0; i < rows.keys; ++i) std::fill_n(own.row(i) + first, width, 0.0f);
  for (std::int64_t i = 0; i < gathered.rows(); ++i) {
    float* to = own.row(rows.key_rows[static_cast<std::size_t>(i)]) + first;
    for (std::int64_t j = 0; j < width; ++j) to[j] += gathered.row(i)[j];
  }
}

/// hidden += linear(input), through dropout where the layer has it.
void add_output(const Linear& linear, const Matrix& input, const LayerRows& rows, DropoutSite site,
                float rate, DecoderScratch& scratch, Matrix& hidden) {
  const std::int64_t out = rows.rows_out();
  if (!drops(rows, rate)) {
    linear.forward(input.data(), out, hidden.data(), true);
    return;
  }
  scratch.projected.resize(padded_rows(out), hidden.cols());
  linear.forward(input.data(), out, scratch.projected.data());
  dropout_rows(scratch.projected.data(), site_keys(rows, site, scratch), hidden.cols(), rate,
               scratch.projected.data());
  add_all(scratch.projected, out, hidden);
}

/// Its gradient by the input. d stays, as it flows on along the residual.
void add_output_backward(const Linear& linear, const LayerRows& rows, DropoutSite site, float rate,
                         DecoderScratch& scratch, const Matrix& d, Matrix& d_input) {
  const std::int64_t out = rows.rows_out();
  d_input.resize(padded_rows(out), linear.in_features());
  const Matrix* gradient = &d;
  if (drops(rows, rate)) {
    scratch.projected.resize(padded_rows(out), d.cols());
    dropout_rows(d.data(), site_keys(rows, site, scratch), d.cols(), rate, scratch.projected.data());
    gradient = &scratch.projected;
  }
  linear.backward_input(gradient->data(), out, d_input.data(), false);
}

AttentionDropout attention_dropout(const DecoderShape& shape, const LayerRows& rows,
                                   DecoderScratch& scratch) {
  if (!drops(rows, shape.attention_dropout)) return {};
  return {shape.attention_dropout, site_keys(rows, DropoutSite::attention, scratch)};
}

void attend(const DecoderLayer& layer, const DecoderShape& shape, const LayerRows& rows,
            const Rotation& rotation, DecoderTrace& trace, DecoderScratch& scratch, Matrix& hidden) {
  const std::int64_t out = rows.rows_out();
  normalise(layer.attention_norm, hidden, rows.keys, trace.keep, trace.attention_norm, scratch.normed);
  trace.key_value.resize(padded_rows(rows.keys), layer.key_value.out_features());
  layer.key_value.forward(scratch.normed.data(), rows.keys, trace.key_value.data());
  const bool trimmed = !rows.queries.empty();
  if (layer.query) {
    if (trimmed) gather_rows(scratch.normed, rows.queries, scratch.picked);
    trace.query.resize(padded_rows(out), shape.query_width());
    layer.query->forward((trimmed ? scratch.picked : scratch.normed).data(), out, trace.query.data());
  }
  if (rotation.table != nullptr) {
    const std::int64_t first = layer.query ? 0 : shape.query_width();
    if (layer.query)
      rotate(*rotation.table, rotation.queries, part(trace.query, out, 0, shape.query_width()));
    rotate(*rotation.table, rotation.keys, part(trace.key_value, rows.keys, 0, first + shape.key_width()));
  }
  if (!rows.key_rows.empty()) gather_keys(layer, shape, rows, trace.key_value, scratch.gathered);
  const ReadRows at(layer, shape, rows, trace.query, trace.key_value, scratch.gathered);
  trace.log_sum.resize(static_cast<std::size_t>(shape.attention.num_heads * out));
  scratch.context.resize(padded_rows(out), shape.query_width());
  attention(shape.attention, rows.spans, rows.visible, at.query, at.key, at.value,
            attention_dropout(shape, rows, scratch), part(scratch.context, out, 0, shape.query_width()),
            trace.log_sum.data());
  if (trimmed) {
    gather_rows(hidden, rows.queries, scratch.picked);
    std::swap(hidden, scratch.picked);
  }
  add_output(layer.attention_output, scratch.context, rows, DropoutSite::attention_output,
             shape.hidden_dropout, scratch, hidden);
}

/// d: from the gradient by what attention gives, of the rows that go out, to that by what comes in.
void attend_backward(const DecoderLayer& layer, const DecoderShape& shape, const LayerRows& rows,
                     const Rotation& rotation, const DecoderTrace& trace, DecoderScratch& scratch,
                     Matrix& d) {
  const std::int64_t out = rows.rows_out();
  add_output_backward(layer.attention_output, rows, DropoutSite::attention_output, shape.hidden_dropout,
                      scratch, d, scratch.context);
  scratch.d_query.resize(padded_rows(out), shape.query_width());
  scratch.d_key_value.resize(padded_rows(rows.keys), layer.key_value.out_features());
  const bool gathers = !rows.key_rows.empty();
  if (gathers) {
    gather_keys(layer, shape, rows, trace.key_value, scratch.gathered);
    scratch.d_gathered.resize(scratch.gathered.rows(), scratch.gathered.cols());
  }
  const ReadRows at(layer, shape, rows, trace.query, trace.key_value, scratch.gathered);
  const WrittenRows to(layer, shape, rows, scratch.d_query, scratch.d_key_value, scratch.d_gathered);
  attention_backward(shape.attention, rows.spans, rows.visible, at.query, at.key, at.value,
                     attention_dropout(shape, rows, scratch), trace.log_sum.data(),
                     part(std::as_const(scratch.context), out, 0, shape.query_width()), to.query, to.key,
                     to.value);
  if (gathers) scatter_keys(layer, shape, rows, scratch.d_gathered, scratch.d_key_value);
  if (rotation.table != nullptr) {
    const std::int64_t first = layer.query ? 0 : shape.query_width();
    if (layer.query) rotate_back(*rotation.table, rotation.queries, to.query);
    rotate_back(*rotation.table, rotation.keys,
                part(scratch.d_key_value, rows.keys, 0, first + shape.key_width()));
  }
  scratch.normed.resize(padded_rows(rows.keys), shape.hidden_size);
  if (!rows.gradient_rows.empty() && !layer.query) {
    const auto count = static_cast<std::int64_t>(rows.gradient_rows.size());
    gather_rows(scratch.d_key_value, rows.gradient_rows, scratch.d_query);
    scratch.picked.resize(padded_rows(count), shape.hidden_size);
    layer.key_value.backward_input(scratch.d_query.data(), count, scratch.picked.data(), false);
    scratch.normed.fill(0.0f);
    add_rows(scratch.picked, count, rows.gradient_rows, scratch.normed);
  } else {
    layer.key_value.backward_input(scratch.d_key_value.data(), rows.keys, scratch.normed.data(), false);
  }
  if (layer.query) {
    scratch.picked.resize(padded_rows(out), shape.hidden_size);
    layer.query->backward_input(scratch.d_query.data(), out, scratch.picked.data(), false);
    add_rows(scratch.picked, out, rows.queries, scratch.normed);
  }
  normalise_backward(layer.attention_norm, trace.attention_norm, rows.keys, scratch.normed);
  if (rows.queries.empty()) {
    add_all(scratch.normed, out, d);
    return;
  }
  add_rows(d, out, rows.queries, scratch.normed);
  std::swap(d, scratch.normed);
}

}  // namespace

void normalise(const Norm& norm, const Matrix& x, std::int64_t rows, Keep keep, NormTrace& trace, Matrix& y) {
  y.resize(padded_rows(rows), x.cols());
  trace.normalised.resize(rows, x.cols(), keep);
  trace.inverse.resize(static_cast<std::size_t>(rows));
  if (const auto* layer = std::get_if<LayerNorm>(&norm))
    layer_norm(*layer, x.data(), nullptr, rows, y.data(), trace.normalised.values(), trace.inverse.data());
  else
    rms_norm(std::get<RmsNorm>(norm), x.data(), rows, y.data(), trace.normalised.values(),
             trace.inverse.data());
}

void normalise_backward(const Norm& norm, const NormTrace& trace, std::int64_t rows, Matrix& d) {
  if (const auto* layer = std::get_if<LayerNorm>(&norm))
    layer_norm_backward(*layer, d.data(), trace.normalised.values(), trace.inverse.data(), rows, d.data());
  else
    rms_norm_backward(std::get<RmsNorm>(norm), d.data(), trace.normalised.values(), trace.inverse.data(),
                      rows, d.data());
}

void decoder_layer_forward(const DecoderLayer& layer, const DecoderShape& shape, const LayerRows& rows,
                           const Rotation& rotation, DecoderTrace& trace, DecoderScratch& scratch,
                           Matrix& hidden) {
  attend(layer, shape, rows, rotation, trace, scratch, hidden);
  const std::int64_t out = rows.rows_out(), inner = layer.down.in_features();
  normalise(layer.feed_forward_norm, hidden, out, trace.keep, trace.feed_forward_norm, scratch.normed);
  trace.up.resize(padded_rows(out), layer.up.out_features(), trace.keep);
  const Kept kept = trace.up.values();
  if (kept.floats == nullptr) scratch.up.resize(padded_rows(out), layer.up.out_features());
  float* up = kept.floats != nullptr ? kept.floats : scratch.up.data();
  layer.up.forward(scratch.normed.data(), out, up);
  scratch.active.resize(padded_rows(out), inner);
  if (shape.is_gated)
    activate_gated(shape.activation, up, out, inner, scratch.active.data(), kept.halves);
  else
    activate(shape.activation, up, scratch.active.data(), out * inner, kept.halves);
  add_output(layer.down, scratch.active, rows, DropoutSite::output, shape.hidden_dropout, scratch, hidden);
}

ConstMatrixView own_keys_and_values(const DecoderLayer& layer, const DecoderShape& shape,
                                    const DecoderTrace& trace, std::int64_t first, std::int64_t count) {
  const std::int64_t from = layer.query ? 0 : shape.query_width();
  return {trace.key_value.row(first) + from, count, 2 * shape.key_width(), trace.key_value.cols()};
}

AttentionInputs attention_inputs(const DecoderLayer& layer, const DecoderShape& shape, const LayerRows& rows,
                                 const DecoderTrace& trace, const DecoderScratch& scratch) {
  const ReadRows at(layer, shape, rows, trace.query, trace.key_value, scratch.gathered);
  return {at.query, at.key, trace.log_sum.data()};
}

void decoder_layer_backward(const DecoderLayer& layer, const DecoderShape& shape, const LayerRows& rows,
                            const Rotation& rotation, const DecoderTrace& trace, DecoderScratch& scratch,
                            Matrix& d) {
  const std::int64_t out = rows.rows_out(), inner = layer.down.in_features();
  add_output_backward(layer.down, rows, DropoutSite::output, shape.hidden_dropout, scratch, d,
                      scratch.active);
  const Matrix* d_up = &scratch.active;
  if (shape.is_gated) {
    scratch.context.resize(padded_rows(out), 2 * inner);
    activate_gated_backward(shape.activation, trace.up.values(), scratch.active.data(), out, inner,
                            scratch.context.data());
    d_up = &scratch.context;
  } else {
    activate_backward(shape.activation, trace.up.values(), scratch.active.data(), scratch.active.data(),
                      out * inner);
  }
  scratch.normed.resize(padded_rows(out), shape.hidden_size);
  layer.up.backward_input(d_up->data(), out, scratch.normed.data(), false);
  normalise_backward(layer.feed_forward_norm, trace.feed_forward_norm, out, scratch.normed);
  add_all(scratch.normed, out, d);
  attend_backward(layer, shape, rows, rotation, trace, scratch, d);
}

}  // namespace incipit
