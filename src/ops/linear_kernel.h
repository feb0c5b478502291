#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "tensor/matrix.h"

namespace incipit {

/// What a Linear computes with, in one number format: its two products. Buffers as Linear has them, rows > 0.
class LinearKernel {
 public:
  virtual ~LinearKernel() = default;
  virtual void forward(const float* x, std::int64_t rows, float* y, bool accumulate) const = 0;
  virtual void backward_input(const float* dy, std::int64_t rows, float* dx, bool accumulate) const = 0;
};

/// weight: [out, in]; bias: [out] or empty. Both are copied.
std::unique_ptr<LinearKernel> f32_kernel(ConstMatrixView weight, std::span<const float> bias);
std::unique_ptr<LinearKernel> bf16_kernel(ConstMatrixView weight, std::span<const float> bias);
std::unique_ptr<LinearKernel> int8_kernel(ConstMatrixView weight, std::span<const float> bias);

}  // namespace incipit
