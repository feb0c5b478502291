// Products too small or too short-lived to pack, on one thread; included once for each instruction set (see
// Highway's foreach_target).
#if defined(INCIPIT_OPS_MULTIPLY_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef INCIPIT_OPS_MULTIPLY_INL_H_
#undef INCIPIT_OPS_MULTIPLY_INL_H_
#else
#define INCIPIT_OPS_MULTIPLY_INL_H_
#endif

#include <algorithm>
#include <cstdint>

#include "ops/panel_arithmetic-inl.h"

HWY_BEFORE_NAMESPACE();
namespace incipit::HWY_NAMESPACE {

/// Rows of one column tile: C[kRows, kCols vectors] (+)= A B. load(pointer, v) and store(value, pointer, v)
/// are those of the tile's vector v.
template <typename Arithmetic, int kRows, int kCols, typename Load, typename Store>
HWY_INLINE void multiply_tile(std::int64_t steps, const float* a, std::int64_t a_row, std::int64_t a_col,
                              const float* b, std::int64_t b_stride, float* c, std::int64_t c_stride,
                              bool accumulate, Load load, Store store) {
  const FloatTag d;
  const WordTag words;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  FloatVec sums[kRows][kCols];
  for (int i = 0; i < kRows; ++i)
    for (int v = 0; v < kCols; ++v) sums[i][v] = hn::Zero(d);
  for (std::int64_t p = 0; p < steps; ++p) {
    WordVec row[kCols];
    for (int v = 0; v < kCols; ++v) row[v] = hn::BitCast(words, load(b + p * b_stride + v * lanes, v));
    for (int i = 0; i < kRows; ++i) {
      const WordVec x = hn::BitCast(words, hn::Set(d, a[i * a_row + p * a_col]));
      for (int v = 0; v < kCols; ++v) sums[i][v] = Arithmetic::multiply_add(x, row[v], sums[i][v]);
    }
  }
  for (int i = 0; i < kRows; ++i)
    for (int v = 0; v < kCols; ++v) {
      float* out = c + i * c_stride + v * lanes;
      store(accumulate ? hn::Add(sums[i][v], load(out, v)) : sums[i][v], out, v);
    }
}

/// C[rows, cols] (+)= A B, both in the arithmetic's words, kGroup numbers each: A [rows, steps], read
/// transposed or not by its two strides; B [steps, cols]. Rows of B and C are contiguous.
template <typename Arithmetic>
HWY_INLINE void multiply(std::int64_t rows, std::int64_t cols, std::int64_t steps, const float* a,
                         std::int64_t a_row, std::int64_t a_col, const float* b, std::int64_t b_stride,
                         float* c, std::int64_t c_stride, bool accumulate) {
  const FloatTag d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  constexpr int kTile = 6;  // measured: 8 and 12 rows are no faster with 32 registers
  const auto tile = [&]<int kCols>(std::int64_t j, auto load, auto store) HWY_ATTR {
    const auto rows_of = [&]<int kRows>(std::int64_t i) HWY_ATTR {
      multiply_tile<Arithmetic, kRows, kCols>(steps, a + i * a_row, a_row, a_col, b + j, b_stride,
                                              c + i * c_stride + j, c_stride, accumulate, load, store);
    };
    std::int64_t i = 0;
    for (; i + kTile <= rows; i += kTile) rows_of.template operator()<kTile>(i);
    const auto last_rows = [&]<int kRows>(auto self) HWY_ATTR {
      if (rows - i == kRows)
        rows_of.template operator()<kRows>(i);
      else if constexpr (kRows > 1)
        self.template operator()<kRows - 1>(self);
    };
    last_rows.template operator()<kTile - 1>(last_rows);
  };
  std::int64_t j = 0;
  for (; j + 2 * lanes <= cols; j += 2 * lanes)
    tile.template operator()<2>(
        j, [d](const float* from, int) HWY_ATTR { return hn::LoadU(d, from); },
        [d](FloatVec value, float* to, int) HWY_ATTR { hn::StoreU(value, d, to); });
  // The last vector of the rest may be a part.
  const auto rest = [&]<int kCols>() HWY_ATTR {
    const std::int64_t last = cols - j - (kCols - 1) * lanes;
    tile.template operator()<kCols>(
        j,
        [d, last](const float* from, int v)
            HWY_ATTR { return v == kCols - 1 ? load_first(from, last) : hn::LoadU(d, from); },
        [d, last](FloatVec value, float* to, int v) HWY_ATTR {
          if (v == kCols - 1)
            store_first(value, to, last);
          else
            hn::StoreU(value, d, to);
        });
  };
  if (cols - j > lanes)
    rest.template operator()<2>();
  else if (cols > j)
    rest.template operator()<1>();
}

}  // namespace incipit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // INCIPIT_OPS_MULTIPLY_INL_H_
