#include "backbone/read_attention.h"

#include <algorithm>
#include <vector>

#include "base/parallel.h"
#include "ops/attention_weights.h"

namespace incipit {
namespace {

/// Query rows of a span that belong to tokens to read. The last layer's are those alone.
std::vector<std::int64_t> queries_of(const PackedBatch& batch, const Stage& stage, const LayerRows& rows,
                                     const AttentionSpan& span) {
  std::vector<std::int64_t> queries;
  for (std::int64_t row = span.query_first; row < span.query_first + span.query_count; ++row)
    if (!rows.queries.empty() ||
        std::binary_search(batch.read.begin(), batch.read.end(), stage.token[static_cast<std::size_t>(row)]))
      queries.push_back(row);
  return queries;
}

}  // namespace

void measure_read_attention(const PackedBatch& batch, const Stage& stage, const AttentionShape& shape,
                            const LayerRows& rows, const AttentionInputs& inputs, std::span<float> shares) {
  std::vector<std::vector<float>> weights(rows.spans.size());  // of each span's keys
  parallel_items(std::ssize(rows.spans), [&](std::int64_t item, int) {
    const AttentionSpan& span = rows.spans[static_cast<std::size_t>(item)];
    const std::vector<std::int64_t> queries = queries_of(batch, stage, rows, span);
    std::vector<float>& own = weights[static_cast<std::size_t>(item)];
    own.resize(static_cast<std::size_t>(span.key_count));
    for (const std::int64_t query : queries) {
      KeyRange seen{0, static_cast<std::int32_t>(span.key_count)};
      if (!rows.visible.empty()) seen = rows.visible[static_cast<std::size_t>(query)];
      add_attention_weights(shape, inputs.query, inputs.key, inputs.log_sum, query,
                            span.key_first + seen.begin, 1.0f / static_cast<float>(queries.size()),
                            std::span(own).subspan(static_cast<std::size_t>(seen.begin),
                                                   static_cast<std::size_t>(seen.end - seen.begin)));
    }
  });
  // Sequences that continue one other share its tokens, so that this is for one thread.
  for (std::size_t s = 0; s < rows.spans.size(); ++s)
    for (std::size_t i = 0; i < weights[s].size(); ++i) {
      const auto key = static_cast<std::size_t>(rows.spans[s].key_first) + i;
      const auto row = rows.key_rows.empty() ? key : static_cast<std::size_t>(rows.key_rows[key]);
      shares[static_cast<std::size_t>(stage.token[row])] += weights[s][i];
    }
}

}  // namespace incipit
