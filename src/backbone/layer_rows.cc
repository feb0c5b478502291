#include "backbone/layer_rows.h"

#include <algorithm>

#include "base/rng.h"

namespace incipit {
namespace {

class RowPlanner {
 public:
  RowPlanner(const PackedBatch& batch, const Stage& stage, const LayerRule& rule)
      : batch_(batch), stage_(stage), rule_(rule) {
    rows_.keys = stage.rows();
    continues_ = std::any_of(batch.sequences.begin(), batch.sequences.end(),
                             [](const Sequence& s) { return s.parent >= 0 || s.kv_block >= 0; });
  }

  LayerRows plan() {
    for (std::size_t s = 0; s < batch_.sequences.size(); ++s) {
      if (stage_.spans[s].count == 0) continue;
      const std::int64_t first = query_count_;
      add_queries(s);
      add_span(s, first);
    }
    if (rows_.rows_out() == rows_.keys) rows_.queries.clear();
    return std::move(rows_);
  }

 private:
  /// The rows of the sequence that go out, with what each sees.
  void add_queries(std::size_t s) {
    const Stage::Span& span = stage_.spans[s];
    if (!rule_.reads_only) {
      for (std::int64_t i = 0; i < span.count; ++i) add_query(s, span.first + i);
      return;
    }
    // Every token has joined by the last layer: its row is its place in the batch.
    const Sequence& sequence = batch_.sequences[s];
    for (; next_read_ < batch_.read.size() && batch_.read[next_read_] < sequence.first + sequence.count;
         ++next_read_) {
      rows_.queries.push_back(batch_.read[next_read_]);
      add_query(s, batch_.read[next_read_]);
    }
  }

  void add_query(std::size_t s, std::int64_t row) {
    ++query_count_;
    if (!rule_.is_causal) return;
    const std::int64_t end = keys_before(s) + row - stage_.spans[s].first + 1;
    const std::int64_t begin = rule_.window > 0 ? std::max<std::int64_t>(0, end - rule_.window) : 0;
    rows_.visible.push_back({static_cast<std::int32_t>(begin), static_cast<std::int32_t>(end)});
  }

  /// A sequence that nothing reads has a span as well: its keys get no gradient but must not keep garbage.
  /// Where keys are gathered they start from zero.
  void add_span(std::size_t s, std::int64_t first_query) {
    const Stage::Span& span = stage_.spans[s];
    const std::int64_t queries = query_count_ - first_query;
    if (!continues_) {
      rows_.spans.push_back({first_query, queries, span.first, span.count});
      return;
    }
    if (queries == 0) return;
    const std::int64_t first_key = std::ssize(rows_.key_rows);
    gather_keys(s);
    rows_.spans.push_back({first_query, queries, first_key, std::ssize(rows_.key_rows) - first_key});
  }

  void gather_keys(std::size_t s) {
    if (const std::int64_t parent = batch_.sequences[s].parent; parent >= 0)
      gather_keys(static_cast<std::size_t>(parent));
    if (const std::int64_t count = block_count(s); count > 0) {
      const KvBlock& block = *rule_.kv_blocks[static_cast<std::size_t>(batch_.sequences[s].kv_block)];
      rows_.block_keys.push_back({std::ssize(rows_.key_rows), block.keys_and_values(rule_.layer)});
      rows_.key_rows.insert(rows_.key_rows.end(), static_cast<std::size_t>(count), -1);
    }
    for (std::int64_t i = 0; i < stage_.spans[s].count; ++i)
      rows_.key_rows.push_back(stage_.spans[s].first + i);
  }

  /// Keys that its block gives.
  std::int64_t block_count(std::size_t s) const {
    const std::int64_t block = batch_.sequences[s].kv_block;
    return block < 0 ? 0 : rule_.kv_blocks[static_cast<std::size_t>(block)]->rows(rule_.layer);
  }

  std::int64_t keys_before(std::size_t s) const {
    std::int64_t count = block_count(s);
    for (std::int64_t parent = batch_.sequences[s].parent; parent >= 0;
         parent = batch_.sequences[static_cast<std::size_t>(parent)].parent)
      count += stage_.spans[static_cast<std::size_t>(parent)].count +
               block_count(static_cast<std::size_t>(parent));
    return count;
  }

  const PackedBatch& batch_;
  const Stage& stage_;
  const LayerRule& rule_;
  bool continues_ = false;
  LayerRows rows_;
  std::int64_t query_count_ = 0;
  std::size_t next_read_ = 0;
};

}  // namespace

LayerRows plan_layer_rows(const PackedBatch& batch, const Stage& stage, const LayerRule& rule) {
  return RowPlanner(batch, stage, rule).plan();
}

std::vector<std::uint64_t> row_keys(const PackedBatch& batch, const Stage& stage, std::uint64_t layer_key) {
  std::vector<std::uint64_t> keys;
  keys.reserve(stage.token.size());
  for (std::size_t s = 0; s < batch.sequences.size(); ++s) {
    const std::uint64_t example_key = mix_bits(layer_key, batch.sequences[s].key);
    for (std::int64_t i = 0; i < stage.spans[s].count; ++i) {
      const std::int64_t token = stage.token[static_cast<std::size_t>(stage.spans[s].first + i)];
      keys.push_back(mix_bits(example_key, static_cast<std::uint64_t>(token - batch.sequences[s].first)));
    }
  }
  return keys;
}

}  // namespace incipit
