// What a panel's numbers are multiplied by and how; included once for each instruction set (see Highway's
// foreach_target). All numbers stand in words of 32 bits: one, two or four a word.
#if defined(INCIPIT_OPS_PANEL_ARITHMETIC_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef INCIPIT_OPS_PANEL_ARITHMETIC_INL_H_
#undef INCIPIT_OPS_PANEL_ARITHMETIC_INL_H_
#else
#define INCIPIT_OPS_PANEL_ARITHMETIC_INL_H_
#endif

#include <algorithm>
#include <cstdint>

#include "ops/units-inl.h"

HWY_BEFORE_NAMESPACE();
namespace incipit::HWY_NAMESPACE {

/// Vectors of a panel's row: as many as make it 16 outputs wide or wider.
#if HWY_TARGET <= HWY_AVX2 && HWY_ARCH_X86
constexpr int kVectors = 2;
#else
constexpr int kVectors = 4;
#endif
#if (HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86) || HWY_ARCH_ARM_A64
constexpr int kRegisters = 32;
#else
constexpr int kRegisters = 16;
#endif

/// Rows of a tile of sums: as many as leave registers for a row of the panel and `others`.
constexpr int tile_rows(int others) {
  return std::max(4, (kRegisters - kVectors - others) / kVectors);
}

using WordTag = hn::ScalableTag<std::uint32_t>;
using IntegerTag = hn::ScalableTag<std::int32_t>;
using WordVec = hn::Vec<WordTag>;
using IntegerVec = hn::Vec<IntegerTag>;

/// Numbers one at a time.
struct Floats {
  using Sum = float;
  static constexpr int kGroup = 1, kTileRows = tile_rows(1);
  static HWY_INLINE FloatVec multiply_add(WordVec x, WordVec weight, FloatVec sum) {
    return hn::MulAdd(hn::BitCast(FloatTag(), x), hn::BitCast(FloatTag(), weight), sum);
  }
};

/// 16-bit integers two at a time.
struct IntegerPairs {
  using Sum = std::int32_t;
  static constexpr int kGroup = 2,
                       kTileRows = tile_rows(kRegisters / 2);  // each product needs a register too
  static HWY_INLINE IntegerVec multiply_add(WordVec x, WordVec weight, IntegerVec sum) {
#if HWY_ARCH_X86
    const hn::Repartition<std::int16_t, IntegerTag> halves;
    IntegerVec unused = hn::Zero(IntegerTag());
    return hn::ReorderWidenMulAccumulate(IntegerTag(), hn::BitCast(halves, x), hn::BitCast(halves, weight),
                                         sum, unused);
#else
    // Not every ReorderWidenMulAccumulate keeps the pairs together.
    const IntegerTag d;
    const auto low = [d](WordVec v)
                         HWY_ATTR { return hn::ShiftRight<16>(hn::BitCast(d, hn::ShiftLeft<16>(v))); };
    const auto high = [d](WordVec v) HWY_ATTR { return hn::ShiftRight<16>(hn::BitCast(d, v)); };
    return hn::Add(sum, hn::Add(hn::Mul(low(x), low(weight)), hn::Mul(high(x), high(weight))));
#endif
  }
};

#if INCIPIT_UNITS
/// bf16 numbers two at a time, by the processor's units.
struct Bf16Pairs {
  using Sum = float;
  static constexpr int kGroup = 2, kTileRows = tile_rows(1);
  static HWY_INLINE FloatVec multiply_add(WordVec x, WordVec weight, FloatVec sum) {
    return add_bf16_products(x, weight, sum);
  }
};

/// Unsigned bytes by signed ones, four at a time, by the processor's units.
struct ByteQuads {
  using Sum = std::int32_t;
  static constexpr int kGroup = 4, kTileRows = tile_rows(1);
  static HWY_INLINE IntegerVec multiply_add(WordVec x, WordVec weight, IntegerVec sum) {
    return add_byte_products(x, weight, sum);
  }
};
#endif

/// The product of a [steps, Arithmetic::kTileRows], of which kRows count, transposed, with a panel [steps,
/// width] goes `to` rows from `row` and columns from `col` on.
template <typename Arithmetic, int kRows, typename Sums>
HWY_INLINE void multiply_panel(std::int64_t steps, const std::uint32_t* HWY_RESTRICT a,
                               const std::uint32_t* HWY_RESTRICT panel, const Sums& to, std::int64_t row,
                               std::int64_t col) {
  const hn::ScalableTag<typename Arithmetic::Sum> d;
  const WordTag words;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  hn::Vec<decltype(d)> sums[kRows][kVectors];
  for (int i = 0; i < kRows; ++i) {
    to.prefetch(row + i, col);
    to.prefetch(row + i, col + (kVectors - 1) * lanes);
    for (int v = 0; v < kVectors; ++v) sums[i][v] = hn::Zero(d);
  }
  for (std::int64_t p = 0; p < steps; ++p) {
    WordVec weight[kVectors];
    for (int v = 0; v < kVectors; ++v) weight[v] = hn::LoadU(words, panel + v * lanes);
    panel += kVectors * lanes;
    for (int i = 0; i < kRows; ++i) {
      const WordVec x = hn::Set(words, a[i]);
      for (int v = 0; v < kVectors; ++v) sums[i][v] = Arithmetic::multiply_add(x, weight[v], sums[i][v]);
    }
    a += Arithmetic::kTileRows;
  }
  for (int i = 0; i < kRows; ++i)
    for (int v = 0; v < kVectors; ++v) to.store(sums[i][v], row + i, col + v * lanes);
}

template <typename Arithmetic, int kRows, typename Sums>
void multiply_rows(std::int64_t rows, std::int64_t steps, const std::uint32_t* a, const std::uint32_t* panel,
                   const Sums& to, std::int64_t row, std::int64_t col) {
  if (rows == kRows) {
    multiply_panel<Arithmetic, kRows>(steps, a, panel, to, row, col);
    return;
  }
  if constexpr (kRows > 1) multiply_rows<Arithmetic, kRows - 1>(rows, steps, a, panel, to, row, col);
}

}  // namespace incipit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
