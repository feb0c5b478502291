#include "backbone/encoder_layer.h"

#include <algorithm>

#include "base/rng.h"
#include "ops/dropout.h"

namespace incipit {
namespace {

/// The places of a layer where dropout acts.
enum class DropoutSite : std::uint64_t { attention, attention_output, output };

void gather_rows(const Matrix& source, std::span<const std::int64_t> rows, Matrix& destination) {
  destination.resize(padded_rows(static_cast<std::int64_t>(rows.size())), source.cols());
  for (std::size_t i = 0; i < rows.size(); ++i)
    std::copy_n(source.row(rows[i]), source.cols(), destination.row(static_cast<std::int64_t>(i)));
}

std::vector<std::uint64_t> site_keys(std::span<const std::uint64_t> row_keys, DropoutSite site) {
  std::vector<std::uint64_t> keys(row_keys.begin(), row_keys.end());
  for (std::uint64_t& key : keys) key = mix_bits(key, static_cast<std::uint64_t>(site));
  return keys;
}

void drop(const LayerRows& rows, DropoutSite site, float rate, const Matrix& source, Matrix& destination) {
  dropout_rows(source.data(), site_keys(rows.dropout_keys, site), source.cols(), rate, destination.data());
}

bool drops(const LayerRows& rows, float rate) {
  return rate > 0 && !rows.dropout_keys.empty();
}

ConstMatrixView part(const Matrix& matrix, std::int64_t rows, std::int64_t first_col, std::int64_t cols) {
  return {matrix.data() + first_col, rows, cols, matrix.cols()};
}
MatrixView part(Matrix& matrix, std::int64_t rows, std::int64_t first_col, std::int64_t cols) {
  return {matrix.data() + first_col, rows, cols, matrix.cols()};
}

/// The attention's dropout of a layer; `keys` keeps what it refers to.
AttentionDropout attention_dropout(const EncoderShape& shape, const LayerRows& rows,
                                   std::vector<std::uint64_t>& keys) {
  if (!drops(rows, shape.attention_dropout)) return {};
  keys = site_keys(rows.dropout_keys, DropoutSite::attention);
  return {shape.attention_dropout, keys};
}

}  // namespace

void encoder_layer_forward(const EncoderLayer& layer, const EncoderShape& shape, const LayerRows& rows,
                           const Matrix& hidden_in, LayerTrace& trace, LayerScratch& scratch,
                           Matrix& hidden_out) {
  const std::int64_t hidden = shape.hidden_size(), out = rows.rows_out(), padded_out = padded_rows(out);
  const bool trimmed = !rows.queries.empty();
  if (trimmed) gather_rows(hidden_in, rows.queries, scratch.residual);
  const Matrix& query_input = trimmed ? scratch.residual : hidden_in;

  trace.query.resize(padded_out, hidden);
  trace.key_value.resize(padded_rows(rows.keys), 2 * hidden);
  trace.log_sum.resize(static_cast<std::size_t>(shape.attention.num_heads * out));
  scratch.context.resize(padded_out, hidden);
  layer.query.forward(query_input.data(), out, trace.query.data());
  layer.key_value.forward(hidden_in.data(), rows.keys, trace.key_value.data());
  std::vector<std::uint64_t> keys;
  attention(shape.attention, rows.spans, {}, part(trace.query, out, 0, hidden),
            part(trace.key_value, rows.keys, 0, hidden), part(trace.key_value, rows.keys, hidden, hidden),
            attention_dropout(shape, rows, keys), part(scratch.context, out, 0, hidden),
            trace.log_sum.data());

  scratch.projected.resize(padded_out, hidden);
  layer.attention_output.forward(scratch.context.data(), out, scratch.projected.data());
  if (shape.drops_attention_output && drops(rows, shape.hidden_dropout))
    drop(rows, DropoutSite::attention_output, shape.hidden_dropout, scratch.projected, scratch.projected);
  trace.attention_normalised.resize(padded_out, hidden, trace.keep);
  trace.attention_inverse.resize(static_cast<std::size_t>(out));
  scratch.middle.resize(padded_out, hidden);
  layer_norm(layer.attention_norm, scratch.projected.data(), query_input.data(), out, scratch.middle.data(),
             trace.attention_normalised.values(), trace.attention_inverse.data());

  const std::int64_t inner = layer.up.out_features();
  trace.up.resize(padded_out, inner, trace.keep);
  scratch.active.resize(padded_out, inner);
  const Kept kept = trace.up.values();
  float* up = kept.floats != nullptr ? kept.floats : scratch.active.data();
  layer.up.forward(scratch.middle.data(), out, up);
  activate(shape.activation, up, scratch.active.data(), out * inner, kept.halves);
  layer.down.forward(scratch.active.data(), out, scratch.projected.data());
  if (drops(rows, shape.hidden_dropout))
    drop(rows, DropoutSite::output, shape.hidden_dropout, scratch.projected, scratch.projected);
  trace.output_normalised.resize(padded_out, hidden, trace.keep);
  trace.output_inverse.resize(static_cast<std::size_t>(out));
  hidden_out.resize(padded_out, hidden);
  layer_norm(layer.output_norm, scratch.projected.data(), scratch.middle.data(), out, hidden_out.data(),
             trace.output_normalised.values(), trace.output_inverse.data());
}

void encoder_layer_backward(const EncoderLayer& layer, const EncoderShape& shape, const LayerRows& rows,
                            const LayerTrace& trace, LayerScratch& scratch, Matrix& d_out, Matrix& d_in) {
  const std::int64_t hidden = shape.hidden_size(), out = rows.rows_out(), padded_out = padded_rows(out);
  const auto dropped = [&](DropoutSite site, bool on, const Matrix& gradient) -> const Matrix& {
    if (!on) return gradient;
    scratch.projected.resize(padded_out, hidden);
    drop(rows, site, shape.hidden_dropout, gradient, scratch.projected);
    return scratch.projected;
  };
  const bool hidden_drops = drops(rows, shape.hidden_dropout);

  // d_out becomes the gradient by the sum in front of each norm in turn; it flows on along the residual.
  layer_norm_backward(layer.output_norm, d_out.data(), trace.output_normalised.values(),
                      trace.output_inverse.data(), out, d_out.data());
  scratch.active.resize(padded_out, layer.up.out_features());
  layer.down.backward_input(dropped(DropoutSite::output, hidden_drops, d_out).data(), out,
                            scratch.active.data(), false);
  activate_backward(shape.activation, trace.up.values(), scratch.active.data(), scratch.active.data(),
                    out * layer.up.out_features());
  layer.up.backward_input(scratch.active.data(), out, d_out.data(), true);

  layer_norm_backward(layer.attention_norm, d_out.data(), trace.attention_normalised.values(),
                      trace.attention_inverse.data(), out, d_out.data());
  scratch.context.resize(padded_out, hidden);
  layer.attention_output.backward_input(
      dropped(DropoutSite::attention_output, hidden_drops && shape.drops_attention_output, d_out).data(), out,
      scratch.context.data(), false);

  Matrix& d_query = scratch.middle;
  Matrix& d_key_value = scratch.active;
  d_query.resize(padded_out, hidden);
  d_key_value.resize(padded_rows(rows.keys), 2 * hidden);
  std::vector<std::uint64_t> keys;
  attention_backward(shape.attention, rows.spans, {}, part(trace.query, out, 0, hidden),
                     part(trace.key_value, rows.keys, 0, hidden),
                     part(trace.key_value, rows.keys, hidden, hidden), attention_dropout(shape, rows, keys),
                     trace.log_sum.data(), part(std::as_const(scratch.context), out, 0, hidden),
                     part(d_query, out, 0, hidden), part(d_key_value, rows.keys, 0, hidden),
                     part(d_key_value, rows.keys, hidden, hidden));

  d_in.resize(padded_rows(rows.keys), hidden);
  if (!rows.gradient_rows.empty() && rows.queries.empty()) {
    const auto count = static_cast<std::int64_t>(rows.gradient_rows.size());
    Matrix& picked = scratch.context;
    gather_rows(d_out, rows.gradient_rows, picked);
    gather_rows(d_query, rows.gradient_rows, scratch.residual);
    layer.query.backward_input(scratch.residual.data(), count, picked.data(), true);
    gather_rows(d_key_value, rows.gradient_rows, scratch.projected);
    layer.key_value.backward_input(scratch.projected.data(), count, picked.data(), true);
    d_in.fill(0.0f);
    for (std::int64_t i = 0; i < count; ++i)
      std::copy_n(picked.row(i), hidden, d_in.row(rows.gradient_rows[static_cast<std::size_t>(i)]));
    return;
  }
  layer.query.backward_input(d_query.data(), out, d_out.data(), true);
  if (rows.queries.empty()) {
    std::swap(d_in, d_out);
    layer.key_value.backward_input(d_key_value.data(), rows.keys, d_in.data(), true);
    return;
  }
  layer.key_value.backward_input(d_key_value.data(), rows.keys, d_in.data(), false);
  for (std::int64_t i = 0; i < out; ++i) {
    float* row = d_in.row(rows.queries[static_cast<std::size_t>(i)]);
    for (std::int64_t j = 0; j < hidden; ++j) row[j] += d_out.row(i)[j];
  }
}

}  // namespace incipit
