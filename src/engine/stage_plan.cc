#include "engine/stage_plan.h"

#include <set>

namespace incipit {
namespace {

Status check(const PackedBatch& batch, std::int64_t num_layers) {
  const std::size_t tokens = batch.token.size();
  if (batch.position.size() != tokens || batch.token_type.size() != tokens || batch.entry.size() != tokens)
    return fail("batch: {} tokens with {} positions, {} types and {} entries", tokens, batch.position.size(),
                batch.token_type.size(), batch.entry.size());
  std::int64_t end = 0;
  for (std::int64_t s = 0; s < std::ssize(batch.sequences); ++s) {
    const Sequence& sequence = batch.sequences[static_cast<std::size_t>(s)];
    if (sequence.parent < -1 || sequence.parent >= s)
      return fail("batch: sequence {} continues sequence {}, expected one before it", s, sequence.parent);
    if (sequence.parent >= 0 && sequence.kv_block >= 0)
      return fail("batch: sequence {} continues both a sequence and a block of keys and values", s);
    if (sequence.first != end || sequence.count < 1)
      return fail("batch: a sequence starts at token {} and has {}, expected a start at {}", sequence.first,
                  sequence.count, end);
    end += sequence.count;
  }
  if (end != batch.size()) return fail("batch: sequences cover {} of {} tokens", end, tokens);
  for (std::size_t i = 0; i < tokens; ++i)
    if (batch.entry[i] >= num_layers)
      return fail("batch: token {} joins at layer {}, the model has layers 0 to {}", i, batch.entry[i],
                  num_layers - 1);
  for (std::size_t i = 0; i < batch.read.size(); ++i)
    if (batch.read[i] < (i == 0 ? 0 : batch.read[i - 1] + 1) || batch.read[i] >= batch.size())
      return fail("batch: read {} is token {}, expected rising tokens below {}", i, batch.read[i], tokens);
  return {};
}

Stage make_stage(const PackedBatch& batch, std::int64_t layer, const std::vector<std::int64_t>& row_before,
                 std::vector<std::int64_t>& row_now) {
  Stage stage;
  stage.first_layer = layer;
  for (const Sequence& sequence : batch.sequences) {
    Stage::Span span{stage.rows(), 0};
    for (std::int64_t i = sequence.first; i < sequence.first + sequence.count; ++i) {
      const auto token = static_cast<std::size_t>(i);
      if (batch.entry[token] > layer) continue;
      row_now[token] = stage.rows();
      stage.token.push_back(i);
      stage.previous.push_back(batch.entry[token] == layer ? -1 : row_before[token]);
      ++span.count;
    }
    stage.spans.push_back(span);
  }
  return stage;
}

}  // namespace

Result<std::vector<Stage>> plan_stages(const PackedBatch& batch, std::int64_t num_layers) {
  INCIPIT_CHECK(check(batch, num_layers));
  const std::set<std::uint8_t> entries(batch.entry.begin(), batch.entry.end());
  std::vector<std::int64_t> row_before(batch.token.size(), -1), row_now(batch.token.size(), -1);
  std::vector<Stage> stages;
  for (const std::uint8_t layer : entries) {
    if (!stages.empty()) stages.back().end_layer = layer;
    stages.push_back(make_stage(batch, layer, row_before, row_now));
    row_before = row_now;
  }
  if (!stages.empty()) stages.back().end_layer = num_layers;
  return stages;
}

}  // namespace incipit
