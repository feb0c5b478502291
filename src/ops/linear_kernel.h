#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "incipit/result.h"

#include "base/array_file.h"
#include "ops/panel_weight.h"
#include "tensor/matrix.h"

namespace incipit {

/// What a Linear computes with, in one number format: its two products. Buffers as Linear has them, rows > 0.
class LinearKernel {
 public:
  virtual ~LinearKernel() = default;
  virtual void forward(const float* x, std::int64_t rows, float* y, bool accumulate) const = 0;
  virtual void backward_input(const float* dy, std::int64_t rows, float* dx, bool accumulate) const = 0;
  /// What load_…_kernel() reads: the weight as it is packed, without the bias.
  virtual void save(ArrayFileWriter& packed) const = 0;
};

// weight: [out, in]; bias: [out] or empty. Both are copied. A panel kernel's type is f32 or bf16.
std::unique_ptr<LinearKernel> panel_kernel(PanelType type, ConstMatrixView weight,
                                           std::span<const float> bias);
std::unique_ptr<LinearKernel> library_bf16_kernel(ConstMatrixView weight, std::span<const float> bias);
std::unique_ptr<LinearKernel> panel_int8_kernel(ConstMatrixView weight, std::span<const float> bias);
std::unique_ptr<LinearKernel> library_int8_kernel(ConstMatrixView weight, std::span<const float> bias);

// What a kernel of the same size saved.
using LoadedKernel = Result<std::unique_ptr<LinearKernel>>;
LoadedKernel load_panel_kernel(PanelType type, std::int64_t in, std::int64_t out, std::span<const float> bias,
                               ArrayFileReader& packed);
LoadedKernel load_library_bf16_kernel(std::int64_t in, std::int64_t out, std::span<const float> bias,
                                      ArrayFileReader& packed);
LoadedKernel load_panel_int8_kernel(std::int64_t in, std::int64_t out, std::span<const float> bias,
                                    ArrayFileReader& packed);
LoadedKernel load_library_int8_kernel(std::int64_t in, std::int64_t out, std::span<const float> bias,
                                      ArrayFileReader& packed);

}  // namespace incipit
