#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ops/kept.h"

namespace incipit {

/// The frozen scale and shift of a layer normalisation over `width` values.
struct LayerNorm {
  std::vector<float> weight;  // [width]
  std::vector<float> bias;    // [width]
  float epsilon = 1e-12f;

  std::int64_t width() const { return static_cast<std::int64_t>(weight.size()); }
};

/// y = norm(x + residual) * weight + bias, row by row; all are [rows, width], contiguous. `residual` may be
/// null, y may be x. `normalised` [rows, width], where it is kept, and `inverse_deviation` [rows], where it
/// is not null, receive what layer_norm_backward() needs.
void layer_norm(const LayerNorm& norm, const float* x, const float* residual, std::int64_t rows, float* y,
                Kept normalised, float* inverse_deviation);

/// The gradient by x (and, being the same, by residual). dx may be dy.
void layer_norm_backward(const LayerNorm& norm, const float* dy, ConstKept normalised,
                         const float* inverse_deviation, std::int64_t rows, float* dx);

}  // namespace incipit
