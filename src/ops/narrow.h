#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tensor/matrix.h"

namespace incipit {

/// out[r, j] = the bits of x[r, j] (times factors[j], where there are any) rounded to bf16, to nearest, ties
/// to even; NaN stays NaN. x, out: [rows, width], contiguous; factors: [width] or empty.
void round_to_bf16(const float* x, std::int64_t rows, std::int64_t width, std::span<const float> factors,
                   std::uint16_t* out);

/// What the 8-bit values of a row stand for: scale * (value - zero). The scale is NaN where the row had a
/// number that is not finite, so that this is not lost.
struct RowScale {
  float scale = 0;
  float zero = 0;
};

/// Activations in 8 bits, a scale and a zero a row: 0 and the row's extremes are within 0 to 255, and 0 is
/// exact. x, out: [rows, width], contiguous; scales: [rows].
void quantise_rows(const float* x, std::int64_t rows, std::int64_t width, std::uint8_t* out,
                   RowScale* scales);

/// A weight in 8 bits, -127 to 127, a scale an output channel.
struct QuantisedWeight {
  std::vector<std::int8_t> values;  // [out, in]
  std::vector<float> scales;        // [out]
  std::vector<float> sums;          // [out]: of each channel's values
};
QuantisedWeight quantise_weight(ConstMatrixView weight);

/// What turns products of 8-bit values into numbers. All [width].
struct ChannelScales {
  std::span<const float> scales;
  std::span<const float> sums;  // of the weight's values
  std::span<const float> bias;  // or empty
};

/// y[r, o] (+)= scale_r * scales[o] * (products[r, o] - zero_r * sums[o]) + bias[o]. products: [rows, width],
/// s32; y may be its memory.
void dequantise_rows(const std::int32_t* products, std::span<const RowScale> row_scales,
                     const ChannelScales& channels, float* y, bool accumulate);

}  // namespace incipit
