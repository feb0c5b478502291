#include "backbone/read_attention.h"

#include <algorithm>
#include <vector>

#include "base/parallel.h"
#include "ops/attention_weights.h"

namespace incipit {
namespace {

/// Query rows of the layer that belong to the sequence's tokens to read, those that have joined.
std::vector<std::int64_t> queries_of(const PackedBatch& batch, const Sequence& sequence,
                                     const LayerRows& rows, std::span<const std::int64_t> tokens,
                                     std::int64_t first_row) {
  std::vector<std::int64_t> queries;
  auto read = std::lower_bound(batch.read.begin(), batch.read.end(), sequence.first);
  for (; read != batch.read.end() && *read < sequence.first + sequence.count; ++read) {
    if (!rows.queries.empty()) {  // the last layer's rows are the rows to read
      queries.push_back(read - batch.read.begin());
      continue;
    }
    const auto row = std::lower_bound(tokens.begin(), tokens.end(), *read);
    if (row != tokens.end() && *row == *read) queries.push_back(first_row + (row - tokens.begin()));
  }
  return queries;
}

}  // namespace

void measure_read_attention(const PackedBatch& batch, const Stage& stage, const AttentionShape& shape,
                            const LayerRows& rows, const LayerTrace& trace, std::span<float> shares) {
  const std::int64_t hidden = shape.num_heads * shape.head_dim;
  const ConstMatrixView q(trace.query.data(), rows.rows_out(), hidden, trace.query.cols());
  const ConstMatrixView k(trace.key_value.data(), rows.keys, hidden, trace.key_value.cols());
  parallel_items(static_cast<std::int64_t>(batch.sequences.size()), [&](std::int64_t item, int) {
    const auto s = static_cast<std::size_t>(item);
    const Stage::Span& span = stage.spans[s];
    const auto tokens =
        std::span(stage.token)
            .subspan(static_cast<std::size_t>(span.first), static_cast<std::size_t>(span.count));
    const std::vector<std::int64_t> queries = queries_of(batch, batch.sequences[s], rows, tokens, span.first);
    std::vector<float> weights(tokens.size());
    for (const std::int64_t query : queries)
      add_attention_weights(shape, q, k, trace.log_sum.data(), query, span.first,
                            1.0f / static_cast<float>(queries.size()), weights);
    for (std::size_t i = 0; i < tokens.size(); ++i) shares[static_cast<std::size_t>(tokens[i])] = weights[i];
  });
}

}  // namespace incipit
