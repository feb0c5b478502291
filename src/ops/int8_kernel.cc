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

/// Inputs that the s32 sums of 8-bit products have room for: 255 * 127 each.
constexpr std::int64_t kMostInt8Inputs = 65536;

/// What the two kinds share: the scales around the products of integers.
class Int8Kernel : public LinearKernel {
 public:
  Int8Kernel(QuantisedWeight weight, std::int64_t out, std::int64_t in, std::span<const float> bias)
      : in_(in),
        out_(out),
        scales_(std::move(weight.scales)),
        sums_(std::move(weight.sums)),
        bias_(bias.begin(), bias.end()) {}

  void forward(const float* x, std::int64_t rows, float* y, bool accumulate) const override {
    KernelScratch& scratch = KernelScratch::of_thread();
    const std::span<RowScale> row_scales(room(scratch.scales, rows), static_cast<std::size_t>(rows));
    // Where nothing is added to, y's memory has room for them.
    auto* products =
        accumulate ? room(scratch.products, padded_rows(rows) * out_) : reinterpret_cast<std::int32_t*>(y);
    std::uint8_t* bytes = room(scratch.bytes, padded_rows(rows) * in_);
    quantise_rows(x, rows, in_, bytes, row_scales.data());
    multiply(bytes, rows, products);
    dequantise_rows(products, row_scales, {scales_, sums_, bias_}, y, accumulate);
  }

 protected:
  /// x: [padded rows, in]; products: [padded rows, out].
  virtual void multiply(const std::uint8_t* x, std::int64_t rows, std::int32_t* products) const = 0;

  /// The gradient by the input is a sum over output channels, whose scales are its factors; dy times these is
  /// rounded to bf16.
  const std::vector<float>& channel_scales() const { return scales_; }
  const float* scaled_gradient(const float* dy, std::int64_t rows) const {
    Matrix& floats = KernelScratch::of_thread().floats;
    floats.resize(rows, out_);
    round_to_bf16(dy, rows, out_, scales_, floats.data());
    return floats.data();
  }

  std::int64_t in_, out_;

 private:
  std::vector<float> scales_, sums_, bias_;
};

/// By the processor's units. The gradient takes bf16's where they are the faster ones, so that a training
/// step gains from int8 in any case.
class UnitInt8Kernel : public Int8Kernel {
 public:
  UnitInt8Kernel(QuantisedWeight weight, std::int64_t out, std::int64_t in, std::span<const float> bias)
      : Int8Kernel({{}, std::move(weight.scales), std::move(weight.sums)}, out, in, bias),
        forward_(weight.values.data(), in, out) {}

  void backward_input(const float* dy, std::int64_t rows, float* dx, bool accumulate) const override {
    std::call_once(backward_once_, [this] { pack_backward(); });
    if (panels_) {
      panels_->multiply_transposed(scaled_gradient(dy, rows), rows, dx, accumulate);
      return;
    }
    const std::int64_t padded = padded_rows(rows);
    std::uint16_t* halves = room(KernelScratch::of_thread().halves, padded * out_);
    round_to_bf16(dy, rows, out_, channel_scales(), halves);
    backward_->run(halves, padded, dx, accumulate);
  }

 protected:
  void multiply(const std::uint8_t* x, std::int64_t rows, std::int32_t* products) const override {
    forward_.run(x, padded_rows(rows), products, false);
  }

 private:
  void pack_backward() const {
    Matrix transposed;
    forward_.unpack_transposed(transposed);
    if (is_bf16_faster()) {
      backward_.emplace(std::as_const(transposed).view(), std::span<const float>());
      return;
    }
    std::vector<std::int8_t> weight(static_cast<std::size_t>(out_ * in_));
    for (std::int64_t i = 0; i < in_; ++i)
      for (std::int64_t o = 0; o < out_; ++o)
        weight[static_cast<std::size_t>(o * in_ + i)] = static_cast<std::int8_t>(transposed.row(i)[o]);
    panels_.emplace(weight.data(), in_, out_);
  }

  PackedMatmul forward_;
  mutable std::once_flag backward_once_{};
  mutable std::optional<PackedMatmul> backward_{};
  mutable std::optional<PanelWeight> panels_{};
};

/// Where the processor has none, or their sums overflow: 16-bit products of the same numbers.
class EmulatedInt8Kernel : public Int8Kernel {
 public:
  EmulatedInt8Kernel(QuantisedWeight weight, std::int64_t out, std::int64_t in, std::span<const float> bias)
      : Int8Kernel({{}, std::move(weight.scales), std::move(weight.sums)}, out, in, bias),
        weight_(weight.values.data(), in, out) {}

  void backward_input(const float* dy, std::int64_t rows, float* dx, bool accumulate) const override {
    weight_.multiply_transposed(scaled_gradient(dy, rows), rows, dx, accumulate);
  }

 protected:
  void multiply(const std::uint8_t* x, std::int64_t rows, std::int32_t* products) const override {
    weight_.multiply(x, rows, products);
  }

 private:
  PanelWeight weight_;
};

}  // namespace

std::unique_ptr<LinearKernel> int8_kernel(ConstMatrixView weight, std::span<const float> bias) {
  QuantisedWeight quantised = quantise_weight(weight);
  if (has_units_for(MatmulType::u8s8) && weight.cols <= kMostInt8Inputs)
    return std::make_unique<UnitInt8Kernel>(std::move(quantised), weight.rows, weight.cols, bias);
  return std::make_unique<EmulatedInt8Kernel>(std::move(quantised), weight.rows, weight.cols, bias);
}

}  // namespace incipit
