#include "ops/rms_norm.h"

#include <cmath>

#include "base/parallel.h"
#include "base/phase_clock.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/rms_norm.cc"
#include <hwy/foreach_target.h>  // must come before highway.h

#include "ops/narrow-inl.h"
#include "ops/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace incipit::HWY_NAMESPACE {

/// Normalises and scales one row and returns 1 / √(mean(x²) + ε).
float rms_norm_row(const float* x, const float* weight, std::int64_t width, float epsilon, float* y,
                   Kept normalised) {
  const FloatTag d;
  FloatVec squares = hn::Zero(d);
  for_each_vector(width, [&](std::int64_t i, auto load, auto) HWY_ATTR {
    const FloatVec value = load(x + i);
    squares = hn::MulAdd(value, value, squares);
  });
  const float mean = hn::GetLane(hn::SumOfLanes(d, squares)) / static_cast<float>(width);
  const float inverse = 1.0f / std::sqrt(mean + epsilon);
  for_each_vector(width, [&](std::int64_t i, auto load, auto store) HWY_ATTR {
    const FloatVec value = hn::Mul(load(x + i), hn::Set(d, inverse));
    store_kept(value, normalised, i, width, store);
    store(hn::Mul(value, load(weight + i)), y + i);
  });
  return inverse;
}

void rms_norm_backward_row(const float* dy, const float* weight, ConstKept normalised, float inverse,
                           std::int64_t width, float* dx) {
  const FloatTag d;
  FloatVec sum = hn::Zero(d);
  for_each_vector(width, [&](std::int64_t i, auto load, auto) HWY_ATTR {
    const FloatVec g = hn::Mul(load(dy + i), load(weight + i));
    sum = hn::MulAdd(g, load_kept(normalised, i, width, load), sum);
  });
  const FloatVec slope = hn::Set(d, hn::GetLane(hn::SumOfLanes(d, sum)) / static_cast<float>(width));
  for_each_vector(width, [&](std::int64_t i, auto load, auto store) HWY_ATTR {
    const FloatVec g = hn::Mul(load(dy + i), load(weight + i));
    const FloatVec value = load_kept(normalised, i, width, load);
    store(hn::Mul(hn::NegMulAdd(value, slope, g), hn::Set(d, inverse)), dx + i);
  });
}

}  // namespace incipit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace incipit {
namespace {

constexpr std::int64_t kGrain = 32;  // rows worth a thread

}  // namespace

HWY_EXPORT(rms_norm_row);
HWY_EXPORT(rms_norm_backward_row);

void rms_norm(const RmsNorm& norm, const float* x, std::int64_t rows, float* y, Kept normalised,
              float* inverse_rms) {
  const PhaseTimer timer(Phase::norm);
  const std::int64_t width = norm.width();
  parallel_for(rows, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t at = i * width;
      const float inverse = HWY_DYNAMIC_DISPATCH(rms_norm_row)(x + at, norm.weight.data(), width,
                                                               norm.epsilon, y + at, normalised.from(at));
      if (inverse_rms != nullptr) inverse_rms[i] = inverse;
    }
  });
}

void rms_norm_backward(const RmsNorm& norm, const float* dy, ConstKept normalised, const float* inverse_rms,
                       std::int64_t rows, float* dx) {
  const PhaseTimer timer(Phase::norm);
  const std::int64_t width = norm.width();
  parallel_for(rows, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t at = i * width;
      HWY_DYNAMIC_DISPATCH(rms_norm_backward_row)
      (dy + at, norm.weight.data(), normalised.from(at), inverse_rms[i], width, dx + at);
    }
  });
}

}  // namespace incipit
#endif
