#include "ops/layer_norm.h"

#include <cmath>

#include "base/parallel.h"
#include "base/phase_clock.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/layer_norm.cc"
#include <hwy/foreach_target.h>  // must come before highway.h

#include "ops/narrow-inl.h"
#include "ops/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace incipit::HWY_NAMESPACE {

/// Normalises one row; `centred` is scratch and output both: it ends as (x + residual - mean) / deviation.
float normalise_row(const float* x, const float* residual, std::int64_t width, float epsilon,
                    float* centred) {
  const FloatTag d;
  FloatVec sum = hn::Zero(d);
  for_each_vector(width, [&](std::int64_t i, auto load, auto store) HWY_ATTR {
    FloatVec value = load(x + i);
    if (residual != nullptr) value = hn::Add(value, load(residual + i));
    sum = hn::Add(sum, value);
    store(value, centred + i);
  });
  const float mean = hn::GetLane(hn::SumOfLanes(d, sum)) / static_cast<float>(width);
  float squares = 0;
  {
    FloatVec total = hn::Zero(d);
    std::int64_t i = 0;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    for (; i + lanes <= width; i += lanes) {
      const FloatVec value = hn::Sub(hn::LoadU(d, centred + i), hn::Set(d, mean));
      total = hn::MulAdd(value, value, total);
    }
    squares = hn::GetLane(hn::SumOfLanes(d, total));
    for (; i < width; ++i) squares += (centred[i] - mean) * (centred[i] - mean);
  }
  const float inverse = 1.0f / std::sqrt(squares / static_cast<float>(width) + epsilon);
  for_each_vector(width, [&](std::int64_t i, auto load, auto store) HWY_ATTR {
    store(hn::Mul(hn::Sub(load(centred + i), hn::Set(d, mean)), hn::Set(d, inverse)), centred + i);
  });
  return inverse;
}

/// Where `rounded` is not null it becomes the normalised row in bf16.
void scale_and_shift(const float* normalised, const float* weight, const float* bias, std::int64_t width,
                     std::uint16_t* rounded, float* y) {
  for_each_vector(width, [&](std::int64_t i, auto load, auto store) HWY_ATTR {
    const FloatVec value = load(normalised + i);
    if (rounded != nullptr) store_bf16(value, rounded + i, width - i);
    store(hn::MulAdd(value, load(weight + i), load(bias + i)), y + i);
  });
}

void backward_row(const float* dy, const float* weight, ConstKept normalised, float inverse,
                  std::int64_t width, float* dx) {
  const FloatTag d;
  FloatVec sum = hn::Zero(d), weighted = hn::Zero(d);
  for_each_vector(width, [&](std::int64_t i, auto load, auto) HWY_ATTR {
    const FloatVec g = hn::Mul(load(dy + i), load(weight + i));
    sum = hn::Add(sum, g);
    weighted = hn::MulAdd(g, load_kept(normalised, i, width, load), weighted);
  });
  const float scale = 1.0f / static_cast<float>(width);
  const FloatVec mean = hn::Set(d, hn::GetLane(hn::SumOfLanes(d, sum)) * scale);
  const FloatVec slope = hn::Set(d, hn::GetLane(hn::SumOfLanes(d, weighted)) * scale);
  for_each_vector(width, [&](std::int64_t i, auto load, auto store) HWY_ATTR {
    const FloatVec g = hn::Mul(load(dy + i), load(weight + i));
    const FloatVec centred = hn::Sub(g, mean);
    const FloatVec value = load_kept(normalised, i, width, load);
    store(hn::Mul(hn::NegMulAdd(value, slope, centred), hn::Set(d, inverse)), dx + i);
  });
}

}  // namespace incipit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace incipit {
namespace {

constexpr std::int64_t kGrain = 32;  // rows worth a thread

}  // namespace

HWY_EXPORT(normalise_row);
HWY_EXPORT(scale_and_shift);
HWY_EXPORT(backward_row);

void layer_norm(const LayerNorm& norm, const float* x, const float* residual, std::int64_t rows, float* y,
                Kept normalised, float* inverse_deviation) {
  const PhaseTimer timer(Phase::norm);
  const std::int64_t width = norm.width();
  parallel_for(rows, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const Kept kept = normalised.from(i * width);
      float* centred = kept.floats != nullptr ? kept.floats : y + i * width;
      const float inverse = HWY_DYNAMIC_DISPATCH(normalise_row)(
          x + i * width, residual == nullptr ? nullptr : residual + i * width, width, norm.epsilon, centred);
      if (inverse_deviation != nullptr) inverse_deviation[i] = inverse;
      HWY_DYNAMIC_DISPATCH(scale_and_shift)
      (centred, norm.weight.data(), norm.bias.data(), width, kept.halves, y + i * width);
    }
  });
}

void layer_norm_backward(const LayerNorm& norm, const float* dy, ConstKept normalised,
                         const float* inverse_deviation, std::int64_t rows, float* dx) {
  const PhaseTimer timer(Phase::norm);
  const std::int64_t width = norm.width();
  parallel_for(rows, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t at = i * width;
      HWY_DYNAMIC_DISPATCH(backward_row)
      (dy + at, norm.weight.data(), normalised.from(at), inverse_deviation[i], width, dx + at);
    }
  });
}

}  // namespace incipit
#endif
