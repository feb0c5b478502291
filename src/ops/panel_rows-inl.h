// Rows of x in the words that the arithmetic takes, and tiles of them; included once for each instruction set
// (see Highway's foreach_target).
#if defined(INCIPIT_OPS_PANEL_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef INCIPIT_OPS_PANEL_ROWS_INL_H_
#undef INCIPIT_OPS_PANEL_ROWS_INL_H_
#else
#define INCIPIT_OPS_PANEL_ROWS_INL_H_
#endif

#include <cstring>

#include "ops/narrow-inl.h"
#include "ops/panel_words-inl.h"

HWY_BEFORE_NAMESPACE();
namespace incipit::HWY_NAMESPACE {

// Rows of x: operator() gives numbers [first, first + count) of a row, where they are or written to `to`,
// which has room for `count` words; the last word's missing numbers are 0.

struct FloatRows {
  const float* x;
  std::int64_t depth;
  const std::uint32_t* operator()(std::int64_t row, std::int64_t first, std::int64_t /*count*/,
                                  std::uint32_t* /*to*/) const {
    return reinterpret_cast<const std::uint32_t*>(x + row * depth + first);
  }
};

/// Rows to be rounded to bf16.
struct RoundedRows {
  const float* x;
  std::int64_t depth;
  const std::uint32_t* operator()(std::int64_t row, std::int64_t first, std::int64_t count,
                                  std::uint32_t* to) const {
    row_to_rounded(x + row * depth + first, count, reinterpret_cast<float*>(to));
    return to;
  }
};
#if INCIPIT_UNITS
struct Bf16Rows {
  const float* x;
  std::int64_t depth;
  const std::uint32_t* operator()(std::int64_t row, std::int64_t first, std::int64_t count,
                                  std::uint32_t* to) const {
    auto* halves = reinterpret_cast<std::uint16_t*>(to);
    row_to_bf16_by_units(x + row * depth + first, count, halves);
    if (count % 2 != 0) halves[count] = 0;
    return to;
  }
};
#endif

struct ByteRows {
  const std::uint8_t* x;
  std::int64_t depth;
  const std::uint32_t* operator()(std::int64_t row, std::int64_t first, std::int64_t count,
                                  std::uint32_t* to) const {
    to[(count - 1) / 4] = 0;
    std::memcpy(to, x + row * depth + first, static_cast<std::size_t>(count));
    return to;
  }
};

/// Bytes as 16-bit numbers.
struct WideByteRows {
  const std::uint8_t* x;
  std::int64_t depth;
  const std::uint32_t* operator()(std::int64_t row, std::int64_t first, std::int64_t count,
                                  std::uint32_t* to) const {
    auto* halves = reinterpret_cast<std::uint16_t*>(to);
    std::copy_n(x + row * depth + first, count, halves);
    if (count % 2 != 0) halves[count] = 0;
    return to;
  }
};

/// to [steps, kRows] = the transpose of rows [kRows, steps], of which the first `count` are there.
template <int kRows>
HWY_INLINE void interleave_rows(const std::uint32_t* const (&rows)[kRows], std::int64_t count,
                                std::int64_t steps, std::uint32_t* to) {
  const QuadTag d;
  for (std::int64_t begin = 0; begin < count; begin += 4) {
    const std::int64_t i = std::min<std::int64_t>(begin, kRows - 4);  // the last four may overlap others
    const std::uint32_t* from[4];
    for (std::int64_t r = 0; r < 4; ++r) from[r] = rows[std::min(i + r, count - 1)];
    std::int64_t p = 0;
    for (; p + 4 <= steps; p += 4) {
      std::uint32_t* out = to + p * kRows + i;
      transpose_quads(from[0] + p, from[1] + p, from[2] + p, from[3] + p,
                      [&](Quad t0, Quad t1, Quad t2, Quad t3) HWY_ATTR {
                        hn::StoreU(t0, d, out);
                        hn::StoreU(t1, d, out + kRows);
                        hn::StoreU(t2, d, out + 2 * kRows);
                        hn::StoreU(t3, d, out + 3 * kRows);
                      });
    }
    for (; p < steps; ++p)
      for (std::int64_t r = 0; r < 4; ++r) to[p * kRows + i + r] = from[r][p];
  }
}

}  // namespace incipit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
