#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tensor/matrix.h"

namespace incipit {

/// out[r, j] = the bits of x[r, j] rounded to bf16, to nearest, ties to even; NaN stays NaN. x, out: [rows,
/// width], contiguous.
void round_to_bf16(const float* x, std::int64_t rows, std::int64_t width, std::uint16_t* out);

/// The same numbers in f32.
void widen_bf16(const std::uint16_t* bits, std::int64_t rows, std::int64_t width, float* out);

/// What the 8-bit values of a row stand for: scale * (value - zero). The scale is NaN where the row had a
/// number that is not finite, so that this is not lost.
struct RowScale {
  float scale = 0;
  std::int32_t zero = 0;  // 0 to 255
};

/// Activations or gradients in 8 bits. values: [rows, width], contiguous; scales: [rows].
struct QuantisedRows {
  const std::uint8_t* values;
  std::span<const RowScale> scales;
};

/// out[r, j] stands for x[r, j] (times factors[j], where there are any), a scale and a zero a row: 0 and the
/// row's extremes are within 0 to 255, and 0 is exact. x, out: [rows, width], contiguous; scales: [rows];
/// factors: [width] or empty.
void quantise_rows(const float* x, std::int64_t rows, std::int64_t width, std::span<const float> factors,
                   std::uint8_t* out, RowScale* scales);

/// A weight in 8 bits, -127 to 127, a scale an output channel.
struct QuantisedWeight {
  std::vector<std::int8_t> values;        // [out, in]
  std::vector<float> scales;              // [out]
  std::vector<std::int32_t> output_sums;  // [out]: of the values of each
  std::vector<std::int32_t> input_sums;   // [in]
};
QuantisedWeight quantise_weight(ConstMatrixView weight);

/// What turns sums of products of 8-bit values into numbers. All [width].
struct ProductColumns {
  std::span<const std::int32_t> sums;  // of the weight's values that a column multiplies
  std::span<const float> scales;       // or empty: 1
  std::span<const float> bias;         // or empty: 0
};

/// y[r, c] (+)= scale_r * scales[c] * (products[r, c] - zero_r * sums[c]) + bias[c]. products: [rows, width];
/// y may be its memory.
void dequantise_rows(const std::int32_t* products, std::span<const RowScale> row_scales,
                     const ProductColumns& columns, float* y, bool accumulate);

}  // namespace incipit
