#include <vector>

#include "ops/linear_kernel.h"
#include "ops/panel_weight.h"

namespace incipit {
namespace {

class F32Kernel : public LinearKernel {
 public:
  F32Kernel(ConstMatrixView weight, std::span<const float> bias)
      : weight_(PanelType::f32, weight), bias_(bias.begin(), bias.end()) {}

  void forward(const float* x, std::int64_t rows, float* y, bool accumulate) const override {
    weight_.multiply(x, rows, bias_, y, accumulate);
  }
  void backward_input(const float* dy, std::int64_t rows, float* dx, bool accumulate) const override {
    weight_.multiply_transposed(dy, rows, dx, accumulate);
  }

 private:
  PanelWeight weight_;
  std::vector<float> bias_;
};

}  // namespace

std::unique_ptr<LinearKernel> f32_kernel(ConstMatrixView weight, std::span<const float> bias) {
  return std::make_unique<F32Kernel>(weight, bias);
}

}  // namespace incipit
