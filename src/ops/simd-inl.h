// Helpers shared by the vector kernels; included once for each instruction set (see Highway's
// foreach_target).
#if defined(INCIPIT_OPS_SIMD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef INCIPIT_OPS_SIMD_INL_H_
#undef INCIPIT_OPS_SIMD_INL_H_
#else
#define INCIPIT_OPS_SIMD_INL_H_
#endif

#include <algorithm>
#include <cstdint>

#include <hwy/highway.h>

#include "base/rng.h"

HWY_BEFORE_NAMESPACE();
namespace incipit::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using FloatTag = hn::ScalableTag<float>;
using FloatVec = hn::Vec<FloatTag>;

// AVX2 counts as faulting for its 8 and 16 bit lanes only.
#undef INCIPIT_EMULATED_MASKS
#if HWY_TARGET != HWY_AVX2 && HWY_MEM_OPS_MIGHT_FAULT
#define INCIPIT_EMULATED_MASKS 1
#else
#define INCIPIT_EMULATED_MASKS 0
#endif

/// The first `count` lanes from memory, the others 0; never reads beyond them, unlike Highway's MaskedLoad on
/// instruction sets without masks (which there wants an aligned pointer too).
HWY_INLINE FloatVec load_first(const float* pointer, std::int64_t count) {
  const FloatTag d;
#if INCIPIT_EMULATED_MASKS
  HWY_ALIGN float lanes[HWY_MAX_BYTES / sizeof(float)] = {};
  for (std::int64_t i = 0; i < count; ++i) lanes[i] = pointer[i];
  return hn::Load(d, lanes);
#else
  return hn::MaskedLoad(hn::FirstN(d, static_cast<std::size_t>(count)), d, pointer);
#endif
}

/// Writes the first `count` lanes and nothing else: neighbours may belong to another thread.
HWY_INLINE void store_first(FloatVec value, float* pointer, std::int64_t count) {
  const FloatTag d;
#if INCIPIT_EMULATED_MASKS
  HWY_ALIGN float lanes[HWY_MAX_BYTES / sizeof(float)] = {};
  hn::Store(value, d, lanes);
  for (std::int64_t i = 0; i < count; ++i) pointer[i] = lanes[i];
#else
  hn::BlendedStore(value, hn::FirstN(d, static_cast<std::size_t>(count)), d, pointer);
#endif
}

/// Calls body(offset, load, store) for whole vectors of [0, count) and once, masked, for the rest.
/// `load(pointer)` reads the lanes in range (others are 0), `store(vector, pointer)` writes just them.
template <typename Body>
HWY_INLINE void for_each_vector(std::int64_t count, Body body) {
  const FloatTag d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    body(
        i, [d](const float* pointer) HWY_ATTR { return hn::LoadU(d, pointer); },
        [d](FloatVec value, float* pointer) HWY_ATTR { hn::StoreU(value, d, pointer); });
  if (const std::int64_t rest = count - i; rest > 0)
    body(
        i, [rest](const float* pointer) HWY_ATTR { return load_first(pointer, rest); },
        [rest](FloatVec value, float* pointer) HWY_ATTR { store_first(value, pointer, rest); });
}

/// 0 with probability `rate`, else 1 / (1 - rate), for elements [offset, offset + lanes) of a row; a function
/// of the row's key and the element's place alone. The mixer is lowbias32 (C. Wellons, "hash-prospector").
struct DropoutScale {
  std::uint32_t start;
  std::uint32_t salt;
  std::uint32_t threshold;
  float scale;

  DropoutScale(std::uint64_t row_key, float rate)
      : start(static_cast<std::uint32_t>(mix_bits(row_key) >> 32)),
        salt(static_cast<std::uint32_t>(mix_bits(row_key))),
        threshold(static_cast<std::uint32_t>(static_cast<double>(rate) * 0x1p32)),
        scale(1.0f / (1.0f - rate)) {}

  HWY_INLINE FloatVec at(std::int64_t offset) const {
    const FloatTag d;
    const hn::RebindToUnsigned<FloatTag> du;
    auto x = hn::Add(hn::Iota(du, 0), hn::Set(du, start + static_cast<std::uint32_t>(offset)));
    x = hn::Mul(hn::Xor(x, hn::ShiftRight<16>(x)), hn::Set(du, 0x7feb352du));
    x = hn::Xor(x, hn::Set(du, salt));  // else rows with close starts would have the same mask, shifted
    x = hn::Mul(hn::Xor(x, hn::ShiftRight<15>(x)), hn::Set(du, 0x846ca68bu));
    x = hn::Xor(x, hn::ShiftRight<16>(x));
    const auto dropped = hn::RebindMask(d, hn::Lt(x, hn::Set(du, threshold)));
    return hn::IfThenZeroElse(dropped, hn::Set(d, scale));
  }
};

/// Rows of one column tile: C[kRows, 2 vectors] (+)= A B. A's element (i, p) is a[i * a_row + p * a_col].
template <int kRows, typename Load, typename Store>
HWY_INLINE void multiply_tile(std::int64_t depth, const float* a, std::int64_t a_row, std::int64_t a_col,
                              const float* b, std::int64_t b_stride, float* c, std::int64_t c_stride,
                              bool accumulate, Load load, Store store) {
  const FloatTag d;
  FloatVec sum0[kRows], sum1[kRows];
  for (int i = 0; i < kRows; ++i) sum0[i] = sum1[i] = hn::Zero(d);
  for (std::int64_t p = 0; p < depth; ++p) {
    FloatVec b0, b1;
    load(b + p * b_stride, b0, b1);
    for (int i = 0; i < kRows; ++i) {
      const FloatVec scalar = hn::Set(d, a[i * a_row + p * a_col]);
      sum0[i] = hn::MulAdd(scalar, b0, sum0[i]);
      sum1[i] = hn::MulAdd(scalar, b1, sum1[i]);
    }
  }
  for (int i = 0; i < kRows; ++i) {
    float* out = c + i * c_stride;
    if (accumulate) {
      FloatVec c0, c1;
      load(out, c0, c1);
      store(hn::Add(sum0[i], c0), hn::Add(sum1[i], c1), out);
    } else {
      store(sum0[i], sum1[i], out);
    }
  }
}

/// C[rows, cols] (+)= A[rows, depth] B[depth, cols] on one thread, for products too small to be worth
/// packing. Rows of B and C are contiguous; A may be read transposed by its two strides.
HWY_INLINE void multiply(std::int64_t rows, std::int64_t cols, std::int64_t depth, const float* a,
                         std::int64_t a_row, std::int64_t a_col, const float* b, std::int64_t b_stride,
                         float* c, std::int64_t c_stride, bool accumulate) {
  const FloatTag d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto tile = [&](std::int64_t j, auto load, auto store) HWY_ATTR {
    const auto rows_of = [&]<int kRows>(std::int64_t i) HWY_ATTR {
      multiply_tile<kRows>(depth, a + i * a_row, a_row, a_col, b + j, b_stride, c + i * c_stride + j,
                           c_stride, accumulate, load, store);
    };
    std::int64_t i = 0;
    for (; i + 6 <= rows; i += 6) rows_of.template operator()<6>(i);
    switch (rows - i) {
      case 5:
        rows_of.template operator()<5>(i);
        break;
      case 4:
        rows_of.template operator()<4>(i);
        break;
      case 3:
        rows_of.template operator()<3>(i);
        break;
      case 2:
        rows_of.template operator()<2>(i);
        break;
      case 1:
        rows_of.template operator()<1>(i);
        break;
      default:
        break;
    }
  };
  std::int64_t j = 0;
  for (; j + 2 * lanes <= cols; j += 2 * lanes)
    tile(
        j,
        [d, lanes](const float* from, FloatVec& v0, FloatVec& v1) HWY_ATTR {
          v0 = hn::LoadU(d, from);
          v1 = hn::LoadU(d, from + lanes);
        },
        [d, lanes](FloatVec v0, FloatVec v1, float* to) HWY_ATTR {
          hn::StoreU(v0, d, to);
          hn::StoreU(v1, d, to + lanes);
        });
  if (j < cols) {
    const std::int64_t rest0 = std::min(cols - j, lanes), rest1 = cols - j - rest0;
    tile(
        j,
        [lanes, rest0, rest1](const float* from, FloatVec& v0, FloatVec& v1) HWY_ATTR {
          v0 = load_first(from, rest0);
          v1 = load_first(from + lanes, rest1);
        },
        [lanes, rest0, rest1](FloatVec v0, FloatVec v1, float* to) HWY_ATTR {
          store_first(v0, to, rest0);
          store_first(v1, to + lanes, rest1);
        });
  }
}

}  // namespace incipit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // INCIPIT_OPS_SIMD_INL_H_
