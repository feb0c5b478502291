// The rows of an attention head in the words that the arithmetic takes; included once for each instruction
// set (see Highway's foreach_target).
#if defined(INCIPIT_OPS_HEAD_WORDS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef INCIPIT_OPS_HEAD_WORDS_INL_H_
#undef INCIPIT_OPS_HEAD_WORDS_INL_H_
#else
#define INCIPIT_OPS_HEAD_WORDS_INL_H_
#endif

#include <algorithm>
#include <cstdint>

#include "ops/narrow-inl.h"
#include "ops/panel_arithmetic-inl.h"
#include "ops/panel_words-inl.h"
#include "tensor/matrix.h"

HWY_BEFORE_NAMESPACE();
namespace incipit::HWY_NAMESPACE {

// Rows have words of kGroup numbers side by side, the last one filled up with zeros. Stacked, a word has
// kGroup rows' numbers of one column; rows that there are not count as zeros.

/// Words of numbers as they are.
struct FloatWords {
  using Arithmetic = Floats;
  static constexpr std::int64_t kGroup = Arithmetic::kGroup;

  static void put_row(const float* numbers, std::int64_t count, float* words) {
    std::copy_n(numbers, count, words);
  }
  /// Turns numbers into words where they stand.
  static void pack_row(float* /*numbers*/, std::int64_t /*count*/) {}

  static ConstMatrixView stacked(ConstMatrixView rows, std::int64_t cols, Matrix& /*memory*/) {
    return {rows.data, rows.rows, cols, rows.stride};
  }
};

#if INCIPIT_UNITS
/// Words of two bf16 numbers.
struct Bf16Words {
  using Arithmetic = Bf16Pairs;
  static constexpr std::int64_t kGroup = Arithmetic::kGroup;

  static void put_row(const float* numbers, std::int64_t count, float* words) {
    auto* halves = reinterpret_cast<std::uint16_t*>(words);
    row_to_bf16_by_units(numbers, count, halves);
    if (count % 2 != 0) halves[count] = 0;
  }
  static void pack_row(float* numbers, std::int64_t count) { put_row(numbers, count, numbers); }

  static ConstMatrixView stacked(ConstMatrixView rows, std::int64_t cols, Matrix& memory) {
    memory.resize((rows.rows + 1) / 2, cols);
    for (std::int64_t p = 0; p < memory.rows(); ++p)
      stack_two(rows.row(2 * p), 2 * p + 1 < rows.rows ? rows.row(2 * p + 1) : nullptr, cols, memory.row(p));
    return {memory.data(), memory.rows(), cols, cols};
  }

 private:
  static HWY_INLINE void stack_two(const float* first, const float* second, std::int64_t cols, float* out) {
    const auto* low = reinterpret_cast<const std::uint16_t*>(first);
    const auto* high = reinterpret_cast<const std::uint16_t*>(second);
    const hn::RebindToUnsigned<FloatTag> du;
    for_each_vector(cols, [&](std::int64_t j, auto, auto store) HWY_ATTR {
      const auto even = hn::BitCast(du, load_bf16(low + j, cols - j));
      const auto odd = high == nullptr ? hn::Zero(du) : hn::BitCast(du, load_bf16(high + j, cols - j));
      store(hn::BitCast(FloatTag(), hn::Or(hn::ShiftRight<16>(even), odd)), out + j);
    });
  }
};
#endif

/// Rounded up to whole vectors.
inline std::int64_t padded_keys(std::int64_t keys) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(FloatTag()));
  return (keys + lanes - 1) / lanes * lanes;
}

template <typename Words>
std::int64_t word_count(std::int64_t numbers) {
  return (numbers + Words::kGroup - 1) / Words::kGroup;
}

template <typename Words>
void copy_rows(const float* source, std::int64_t stride, std::int64_t rows, std::int64_t cols,
               Matrix& destination) {
  destination.resize(rows, word_count<Words>(cols));
  for (std::int64_t i = 0; i < rows; ++i) Words::put_row(source + i * stride, cols, destination.row(i));
}

template <typename Words>
ConstMatrixView stacked(const Matrix& rows, std::int64_t count, std::int64_t cols, Matrix& memory) {
  return Words::stacked({rows.data(), count, rows.cols(), rows.cols()}, cols, memory);
}

/// destination [cols, padded rows] = the rows' transpose, zero in the padding.
inline void transpose(const Matrix& source, Matrix& destination) {
  const std::int64_t rows = source.rows(), cols = source.cols(), padded = padded_keys(rows);
  destination.resize(cols, padded);
  const std::int64_t block_rows = rows / 4 * 4, block_cols = cols / 4 * 4;
  for (std::int64_t i = 0; i < block_rows; i += 4) {
    for (std::int64_t j = 0; j < block_cols; j += 4) {
      const auto word = [&](std::int64_t row)
                            HWY_ATTR { return reinterpret_cast<const std::uint32_t*>(source.row(row) + j); };
      auto* to = reinterpret_cast<std::uint32_t*>(destination.row(j) + i);
      transpose_quads(word(i), word(i + 1), word(i + 2), word(i + 3),
                      [&](Quad t0, Quad t1, Quad t2, Quad t3) HWY_ATTR {
                        const QuadTag d;
                        hn::StoreU(t0, d, to);
                        hn::StoreU(t1, d, to + padded);
                        hn::StoreU(t2, d, to + 2 * padded);
                        hn::StoreU(t3, d, to + 3 * padded);
                      });
    }
    for (std::int64_t j = block_cols; j < cols; ++j)
      for (std::int64_t k = i; k < i + 4; ++k) destination.row(j)[k] = source.row(k)[j];
  }
  for (std::int64_t j = 0; j < cols; ++j) {
    for (std::int64_t i = block_rows; i < rows; ++i) destination.row(j)[i] = source.row(i)[j];
    std::fill(destination.row(j) + rows, destination.row(j) + padded, 0.0f);
  }
}

}  // namespace incipit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // INCIPIT_OPS_HEAD_WORDS_INL_H_
