// Rows of attention scores, and what makes them probabilities and back; included once for each instruction
// set (see Highway's foreach_target).
#if defined(INCIPIT_OPS_SCORE_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef INCIPIT_OPS_SCORE_ROWS_INL_H_
#undef INCIPIT_OPS_SCORE_ROWS_INL_H_
#else
#define INCIPIT_OPS_SCORE_ROWS_INL_H_
#endif

#include <algorithm>
#include <cstdint>
#include <limits>

#include "ops/exp-inl.h"
#include "ops/head_task.h"
#include "ops/head_words-inl.h"

HWY_BEFORE_NAMESPACE();
namespace incipit::HWY_NAMESPACE {

/// A block of queries and the keys that any of them attends to.
struct Block {
  std::int64_t first, count;        // queries
  std::int64_t key_begin, key_end;  // keys; the begin is a multiple of what padded_keys() rounds to
  std::int64_t padded() const { return padded_keys(key_end - key_begin); }
};

inline Block block_at(const HeadTask& task, std::int64_t first) {
  Block block{first, std::min(kQueryBlock, task.queries - first), 0, task.keys};
  if (task.visible == nullptr) return block;
  std::int64_t begin = task.keys, end = 0;
  for (std::int64_t i = first; i < first + block.count; ++i) {
    begin = std::min<std::int64_t>(begin, task.visible[i].begin);
    end = std::max<std::int64_t>(end, task.visible[i].end);
  }
  const std::int64_t step = padded_keys(1);
  block.key_begin = begin / step * step;
  block.key_end = end;
  return block;
}

/// So that keys which the query doesn't attend to, and the lanes past the last, have no part in maximum or
/// sum. `scores` are those of the block's keys.
inline void mask_scores(const HeadTask& task, const Block& block, std::int64_t query, float* scores) {
  const KeyRange all{static_cast<std::int32_t>(block.key_begin), static_cast<std::int32_t>(block.key_end)};
  const KeyRange range = task.visible == nullptr ? all : task.visible[query];
  constexpr float kNever = -std::numeric_limits<float>::max();
  std::fill(scores, scores + (range.begin - block.key_begin), kNever);
  std::fill(scores + (range.end - block.key_begin), scores + block.padded(), kNever);
}

/// Turns scores into exp(scale * score - shift) and returns the sum.
inline float exponentiate(float* scores, std::int64_t padded, float scale, float shift) {
  const FloatTag d;
  FloatVec sum = hn::Zero(d);
  for (std::int64_t j = 0; j < padded; j += static_cast<std::int64_t>(hn::Lanes(d))) {
    const FloatVec e =
        bounded_exp(hn::MulSub(hn::LoadU(d, scores + j), hn::Set(d, scale), hn::Set(d, shift)));
    hn::StoreU(e, d, scores + j);
    sum = hn::Add(sum, e);
  }
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

inline float largest(const float* values, std::int64_t padded) {
  const FloatTag d;
  FloatVec best = hn::LoadU(d, values);
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  for (std::int64_t j = lanes; j < padded; j += lanes) best = hn::Max(best, hn::LoadU(d, values + j));
  return hn::GetLane(hn::MaxOfLanes(d, best));
}

inline void scale_row(float* row, std::int64_t count, float factor) {
  for_each_vector(count, [&](std::int64_t i, auto load, auto store) HWY_ATTR {
    store(hn::Mul(load(row + i), hn::Set(FloatTag(), factor)), row + i);
  });
}

/// The mask depends on the key's place in the span, not in the block.
inline void drop_row(const HeadTask& task, std::int64_t head, const Block& block, std::int64_t query,
                     float* row) {
  const FloatTag d;
  const DropoutScale scale(
      mix_bits(task.query_keys[query], task.first_head + static_cast<std::uint64_t>(head)),
      task.dropout_rate);
  for (std::int64_t j = 0; j < block.padded(); j += static_cast<std::int64_t>(hn::Lanes(d)))
    hn::StoreU(hn::Mul(hn::LoadU(d, row + j), scale.at(block.key_begin + j)), d, row + j);
}

/// d_scores becomes scale * P ∘ (dP - rowsum(P ∘ dP)), given P in `row` and dP in `d_row`.
inline void softmax_backward_row(const float* row, float* d_row, std::int64_t padded, float scale) {
  const FloatTag d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  FloatVec sum = hn::Zero(d);
  for (std::int64_t j = 0; j < padded; j += lanes)
    sum = hn::MulAdd(hn::LoadU(d, row + j), hn::LoadU(d, d_row + j), sum);
  const FloatVec mean = hn::Set(d, hn::GetLane(hn::SumOfLanes(d, sum)));
  for (std::int64_t j = 0; j < padded; j += lanes) {
    const FloatVec centred = hn::Sub(hn::LoadU(d, d_row + j), mean);
    hn::StoreU(hn::Mul(hn::Mul(hn::LoadU(d, row + j), hn::Set(d, scale)), centred), d, d_row + j);
  }
}

}  // namespace incipit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // INCIPIT_OPS_SCORE_ROWS_INL_H_
