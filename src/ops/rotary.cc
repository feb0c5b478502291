#include "ops/rotary.h"

#include <cmath>

#include "base/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/rotary.cc"
#include <hwy/foreach_target.h>  // must come before highway.h

#include "ops/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace incipit::HWY_NAMESPACE {

/// `sign` is that of the angle.
void rotate_row(const float* cosines, const float* sines, std::int64_t pairs, std::int64_t width, float sign,
                float* x) {
  const FloatVec direction = hn::Set(FloatTag(), sign);
  for (float* head = x; head < x + width; head += 2 * pairs)
    for_each_vector(pairs, [&](std::int64_t i, auto load, auto store) HWY_ATTR {
      const FloatVec cosine = load(cosines + i), sine = hn::Mul(direction, load(sines + i));
      const FloatVec first = load(head + i), second = load(head + pairs + i);
      store(hn::NegMulAdd(second, sine, hn::Mul(first, cosine)), head + i);
      store(hn::MulAdd(first, sine, hn::Mul(second, cosine)), head + pairs + i);
    });
}

}  // namespace incipit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace incipit {

HWY_EXPORT(rotate_row);

namespace {

constexpr std::int64_t kGrain = 32;  // rows worth a thread

void rotate_rows(const RotaryTable& table, std::span<const std::int32_t> positions, MatrixView x,
                 float sign) {
  parallel_for(x.rows, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const float* angles = table.at(positions[static_cast<std::size_t>(i)]);
      HWY_DYNAMIC_DISPATCH(rotate_row)
      (angles, angles + table.pairs(), table.pairs(), x.cols, sign, x.row(i));
    }
  });
}

}  // namespace

void RotaryTable::reserve(std::int64_t count) {
  const std::int64_t width = 2 * pairs();
  const auto ready = static_cast<std::int64_t>(values_.size()) / std::max<std::int64_t>(width, 1);
  if (count <= ready) return;
  values_.resize(static_cast<std::size_t>(count * width));
  for (std::int64_t position = ready; position < count; ++position)
    for (std::int64_t i = 0; i < pairs(); ++i) {
      // The product is rounded to f32, as the reference's is: at large positions that shows.
      const float angle = static_cast<float>(position) * frequencies_[static_cast<std::size_t>(i)];
      values_[static_cast<std::size_t>(position * width + i)] = std::cos(angle);
      values_[static_cast<std::size_t>(position * width + pairs() + i)] = std::sin(angle);
    }
}

void rotate(const RotaryTable& table, std::span<const std::int32_t> positions, MatrixView x) {
  rotate_rows(table, positions, x, 1.0f);
}

void rotate_back(const RotaryTable& table, std::span<const std::int32_t> positions, MatrixView dx) {
  rotate_rows(table, positions, dx, -1.0f);
}

}  // namespace incipit
#endif
