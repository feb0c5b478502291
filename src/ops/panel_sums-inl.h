// What becomes of the sums of products that the arithmetic leaves in registers; included once for each
// instruction set (see Highway's foreach_target).
#if defined(INCIPIT_OPS_PANEL_SUMS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef INCIPIT_OPS_PANEL_SUMS_INL_H_
#undef INCIPIT_OPS_PANEL_SUMS_INL_H_
#else
#define INCIPIT_OPS_PANEL_SUMS_INL_H_
#endif

#include <hwy/cache_control.h>

#include "ops/narrow.h"
#include "ops/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace incipit::HWY_NAMESPACE {

// store() takes a vector of sums of a row from a column on, store_one() a single one where fewer columns than
// a vector's are left. of_block() gives what a block of the depth does, which may be neither first nor last.

/// Sums as they are, to [rows, stride].
template <typename Sum>
struct RawSums {
  Sum* to;
  std::int64_t stride;

  HWY_INLINE void prefetch(std::int64_t /*row*/, std::int64_t /*col*/) const {}
  template <typename Vec>
  HWY_INLINE void store(Vec sum, std::int64_t row, std::int64_t col) const {
    hn::StoreU(sum, hn::ScalableTag<Sum>(), to + row * stride + col);
  }
};

/// y [rows, stride] (+)= sums + bias [stride], which may be null.
struct BiasedSums {
  float* y;
  std::int64_t stride;
  const float* bias;
  bool accumulate;

  BiasedSums of_block(bool is_first, bool is_last) const {
    return {y, stride, is_last ? bias : nullptr, accumulate || !is_first};
  }
  HWY_INLINE void prefetch(std::int64_t row, std::int64_t col) const {
    hwy::Prefetch(y + row * stride + col);
  }
  HWY_INLINE void store(FloatVec sum, std::int64_t row, std::int64_t col) const {
    const FloatTag d;
    float* to = y + row * stride + col;
    if (bias != nullptr) sum = hn::Add(sum, hn::LoadU(d, bias + col));
    if (accumulate) sum = hn::Add(sum, hn::LoadU(d, to));
    hn::StoreU(sum, d, to);
  }
  void store_one(float sum, std::int64_t row, std::int64_t col) const {
    float* to = y + row * stride + col;
    if (bias != nullptr) sum += bias[col];
    *to = accumulate ? sum + *to : sum;
  }
};

/// y [rows, stride] (+)= what sums of 8-bit products stand for: see dequantise_rows().
struct DequantisedSums {
  float* y;
  std::int64_t stride;
  const RowScale* rows;
  const std::int32_t* column_sums;  // null: of no block but the last
  const float* column_scales;       // null: 1
  const float* bias;                // null: none
  bool accumulate;

  DequantisedSums of_block(bool is_first, bool is_last) const {
    return {y,
            stride,
            rows,
            is_last ? column_sums : nullptr,
            column_scales,
            is_last ? bias : nullptr,
            accumulate || !is_first};
  }
  HWY_INLINE void prefetch(std::int64_t row, std::int64_t col) const {
    hwy::Prefetch(y + row * stride + col);
  }
  HWY_INLINE void store(hn::Vec<hn::ScalableTag<std::int32_t>> sum, std::int64_t row,
                        std::int64_t col) const {
    const FloatTag d;
    const hn::ScalableTag<std::int32_t> di;
    float* to = y + row * stride + col;
    if (column_sums != nullptr)
      sum = hn::Sub(sum, hn::Mul(hn::Set(di, rows[row].zero), hn::LoadU(di, column_sums + col)));
    FloatVec scale = hn::Set(d, rows[row].scale);
    if (column_scales != nullptr) scale = hn::Mul(scale, hn::LoadU(d, column_scales + col));
    FloatVec added = bias != nullptr ? hn::LoadU(d, bias + col) : hn::Zero(d);
    if (accumulate) added = hn::Add(added, hn::LoadU(d, to));
    hn::StoreU(hn::MulAdd(scale, hn::ConvertTo(d, sum), added), d, to);
  }
  void store_one(std::int32_t sum, std::int64_t row, std::int64_t col) const {
    float* to = y + row * stride + col;
    if (column_sums != nullptr) sum -= rows[row].zero * column_sums[col];
    float scale = rows[row].scale, added = bias != nullptr ? bias[col] : 0.0f;
    if (column_scales != nullptr) scale *= column_scales[col];
    if (accumulate) added += *to;
    *to = scale * static_cast<float>(sum) + added;
  }
};

}  // namespace incipit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
