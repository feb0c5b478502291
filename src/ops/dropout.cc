#include "ops/dropout.h"

#include "base/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/dropout.cc"
#include <hwy/foreach_target.h>  // must come before highway.h

#include "ops/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace incipit::HWY_NAMESPACE {

void dropout_row(const float* source, std::uint64_t key, std::int64_t width, float rate, float* destination) {
  const DropoutScale scale(key, rate);
  for_each_vector(width, [&](std::int64_t i, auto load, auto store)
                             HWY_ATTR { store(hn::Mul(load(source + i), scale.at(i)), destination + i); });
}

}  // namespace incipit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace incipit {

HWY_EXPORT(dropout_row);

void dropout_rows(const float* source, std::span<const std::uint64_t> keys, std::int64_t width, float rate,
                  float* destination) {
  parallel_for(static_cast<std::int64_t>(keys.size()), 32, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) HWY_DYNAMIC_DISPATCH(dropout_row)
    (source + i * width, keys[static_cast<std::size_t>(i)], width, rate, destination + i * width);
  });
}

}  // namespace incipit
#endif
