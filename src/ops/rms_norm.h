#pragma once

#include <cstdint>
#include <vector>

#include "ops/kept.h"

namespace incipit {

/// The frozen scale of a root-mean-square normalisation over `width` values (Zhang and Sennrich 2019).
struct RmsNorm {
  std::vector<float> weight;  // [width]
  float epsilon = 1e-6f;

  std::int64_t width() const { return static_cast<std::int64_t>(weight.size()); }
};

/// y = x / √(mean(x²) + ε) * weight, row by row; all are [rows, width], contiguous. y may be x.
/// `normalised` [rows, width], where it is kept, and `inverse_rms` [rows], where it is not null, receive what
/// rms_norm_backward() needs.
void rms_norm(const RmsNorm& norm, const float* x, std::int64_t rows, float* y, Kept normalised,
              float* inverse_rms);

/// The gradient by x. dx may be dy.
void rms_norm_backward(const RmsNorm& norm, const float* dy, ConstKept normalised, const float* inverse_rms,
                       std::int64_t rows, float* dx);

}  // namespace incipit
