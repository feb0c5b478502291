#include <utility>
#include <vector>

#include "ops/linear_kernel.h"
#include "ops/panel_weight.h"

namespace incipit {
namespace {

class PanelKernel : public LinearKernel {
 public:
  PanelKernel(PanelWeight weight, std::span<const float> bias)
      : weight_(std::move(weight)), bias_(bias.begin(), bias.end()) {}

  void forward(const float* x, std::int64_t rows, float* y, bool accumulate) const override {
    weight_.multiply(x, rows, bias_, y, accumulate);
  }
  void backward_input(const float* dy, std::int64_t rows, float* dx, bool accumulate) const override {
    weight_.multiply_transposed(dy, rows, dx, accumulate);
  }

  void save(ArrayFileWriter& packed) const override { packed.append(weight_.bytes()); }

 private:
  PanelWeight weight_;
  std::vector<float> bias_;
};

}  // namespace

std::unique_ptr<LinearKernel> panel_kernel(PanelType type, ConstMatrixView weight,
                                           std::span<const float> bias) {
  return std::make_unique<PanelKernel>(PanelWeight(type, weight), bias);
}

LoadedKernel load_panel_kernel(PanelType type, std::int64_t in, std::int64_t out, std::span<const float> bias,
                               ArrayFileReader& packed) {
  INCIPIT_TRY(PanelWeight weight, PanelWeight::load(type, in, out, packed));
  return std::make_unique<PanelKernel>(std::move(weight), bias);
}

}  // namespace incipit
