#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "ops/kernel_scratch.h"
#include "ops/linear.h"
#include "ops/linear_kernel.h"
#include "ops/packed_matmul.h"
#include "ops/panel_weight.h"

namespace incipit {
namespace {

/// By the processor's units.
class Bf16Kernel : public LinearKernel {
 public:
  Bf16Kernel(std::int64_t in, std::int64_t out, PackedMatmul forward)
      : in_(in), out_(out), forward_(std::move(forward)) {}

  void forward(const float* x, std::int64_t rows, float* y, bool accumulate) const override {
    run(forward_, x, rows, in_, y, accumulate);
  }
  void backward_input(const float* dy, std::int64_t rows, float* dx, bool accumulate) const override {
    std::call_once(backward_once_, [this] {
      Matrix transposed;
      forward_.unpack_transposed(transposed);
      backward_.emplace(std::as_const(transposed).view(), std::span<const float>());
    });
    run(*backward_, dy, rows, out_, dx, accumulate);
  }

  void save(ArrayFileWriter& packed) const override { packed.append(forward_.bytes()); }

 private:
  static void run(const PackedMatmul& matmul, const float* x, std::int64_t rows, std::int64_t depth, float* y,
                  bool accumulate) {
    const std::int64_t padded = padded_rows(rows);
    std::uint16_t* halves = room(KernelScratch::of_thread().halves, padded * depth);
    round_to_bf16(x, rows, depth, {}, halves);
    matmul.run(halves, padded, y, accumulate);
  }

  std::int64_t in_, out_;
  PackedMatmul forward_;
  mutable std::once_flag backward_once_{};
  mutable std::optional<PackedMatmul> backward_{};
};

/// Without such units: the same rounded numbers, multiplied in f32.
class EmulatedBf16Kernel : public LinearKernel {
 public:
  EmulatedBf16Kernel(PanelWeight weight, std::span<const float> bias)
      : weight_(std::move(weight)), bias_(bias.begin(), bias.end()) {}

  void forward(const float* x, std::int64_t rows, float* y, bool accumulate) const override {
    weight_.multiply(rounded(x, rows, weight_.in()), rows, bias_, y, accumulate);
  }
  void backward_input(const float* dy, std::int64_t rows, float* dx, bool accumulate) const override {
    weight_.multiply_transposed(rounded(dy, rows, weight_.out()), rows, dx, accumulate);
  }

  void save(ArrayFileWriter& packed) const override { packed.append(weight_.bytes()); }

 private:
  static const float* rounded(const float* x, std::int64_t rows, std::int64_t width) {
    Matrix& floats = KernelScratch::of_thread().floats;
    floats.resize(rows, width);
    round_to_bf16(x, rows, width, {}, floats.data());
    return floats.data();
  }

  PanelWeight weight_;
  std::vector<float> bias_;
};

}  // namespace

std::unique_ptr<LinearKernel> bf16_kernel(ConstMatrixView weight, std::span<const float> bias) {
  if (has_units_for(MatmulType::bf16))
    return std::make_unique<Bf16Kernel>(weight.cols, weight.rows, PackedMatmul(weight, bias));
  return std::make_unique<EmulatedBf16Kernel>(PanelWeight(PanelType::bf16, weight), bias);
}

LoadedKernel load_bf16_kernel(std::int64_t in, std::int64_t out, std::span<const float> bias,
                              ArrayFileReader& packed) {
  if (has_units_for(MatmulType::bf16)) {
    INCIPIT_TRY(PackedMatmul matmul, PackedMatmul::load(MatmulType::bf16, in, out, bias, packed));
    return std::make_unique<Bf16Kernel>(in, out, std::move(matmul));
  }
  INCIPIT_TRY(PanelWeight weight, PanelWeight::load(PanelType::bf16, in, out, packed));
  return std::make_unique<EmulatedBf16Kernel>(std::move(weight), bias);
}

}  // namespace incipit
