#include "ops/log_sum_exp.h"

#include <cmath>

#include "base/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/log_sum_exp.cc"
#include <hwy/foreach_target.h>  // must come before highway.h

#include "ops/exp-inl.h"

HWY_BEFORE_NAMESPACE();
namespace incipit::HWY_NAMESPACE {

float largest_of(const float* values, std::int64_t width) {
  const FloatTag d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  FloatVec best = hn::Set(d, values[0]);
  std::int64_t i = 0;
  for (; i + lanes <= width; i += lanes) best = hn::Max(best, hn::LoadU(d, values + i));
  float largest = hn::GetLane(hn::MaxOfLanes(d, best));
  for (; i < width; ++i) largest = std::max(largest, values[i]);
  return largest;
}

/// Σ exp(value - shift), in f32 over runs short enough to lose nothing that matters.
double sum_of_exp(const float* values, std::int64_t width, float shift) {
  constexpr std::int64_t kRun = 512;
  const FloatTag d;
  double total = 0;
  for (std::int64_t first = 0; first < width; first += kRun) {
    const std::int64_t count = std::min(kRun, width - first);
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    FloatVec sum = hn::Zero(d);
    std::int64_t i = 0;
    for (; i + lanes <= count; i += lanes)
      sum = hn::Add(sum, bounded_exp(hn::Sub(hn::LoadU(d, values + first + i), hn::Set(d, shift))));
    total += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, sum)));
    for (; i < count; ++i) total += std::exp(static_cast<double>(values[first + i] - shift));
  }
  return total;
}

void scaled_softmax_row(float* values, std::int64_t width, float log_sum, float scale) {
  const FloatTag d;
  for_each_vector(width, [&](std::int64_t i, auto load, auto store) HWY_ATTR {
    const FloatVec e = bounded_exp(hn::Sub(load(values + i), hn::Set(d, log_sum)));
    store(hn::Mul(e, hn::Set(d, scale)), values + i);
  });
}

}  // namespace incipit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace incipit {

HWY_EXPORT(largest_of);
HWY_EXPORT(sum_of_exp);
HWY_EXPORT(scaled_softmax_row);

double LogSum::value() const {
  return static_cast<double>(largest) + std::log(sum);
}

void add_to_log_sums(const float* values, std::int64_t rows, std::int64_t width, LogSum* sums) {
  if (width == 0) return;
  parallel_for(rows, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const float* row = values + i * width;
      LogSum& sum = sums[i];
      const float largest = std::max(sum.largest, HWY_DYNAMIC_DISPATCH(largest_of)(row, width));
      const double before = sum.sum > 0 ? sum.sum * std::exp(static_cast<double>(sum.largest - largest)) : 0;
      sum = {largest, before + HWY_DYNAMIC_DISPATCH(sum_of_exp)(row, width, largest)};
    }
  });
}

void scaled_softmax(float* values, std::int64_t rows, std::int64_t width, const float* log_sums,
                    const float* scales) {
  parallel_for(rows, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      HWY_DYNAMIC_DISPATCH(scaled_softmax_row)(values + i * width, width, log_sums[i], scales[i]);
  });
}

}  // namespace incipit
#endif
