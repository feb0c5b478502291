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

/// What stands around the products of integers: [out] each, the bias or empty.
struct Channels {
  std::vector<float> scales, sums, bias;
};

/// What the two kinds share.
class Int8Kernel : public LinearKernel {
 public:
  Int8Kernel(std::int64_t in, std::int64_t out, Channels channels)
      : in_(in), out_(out), channels_(std::move(channels)) {}

  void forward(const float* x, std::int64_t rows, float* y, bool accumulate) const override {
    KernelScratch& scratch = KernelScratch::of_thread();
    const std::span<RowScale> row_scales(room(scratch.scales, rows), static_cast<std::size_t>(rows));
    // Where nothing is added to, y's memory has room for them.
    auto* products =
        accumulate ? room(scratch.products, padded_rows(rows) * out_) : reinterpret_cast<std::int32_t*>(y);
    std::uint8_t* bytes = room(scratch.bytes, padded_rows(rows) * in_);
    quantise_rows(x, rows, in_, bytes, row_scales.data());
    multiply(bytes, rows, products);
    dequantise_rows(products, row_scales, {channels_.scales, channels_.sums, channels_.bias}, y, accumulate);
  }

  void save(ArrayFileWriter& packed) const override {
    packed.append(std::as_bytes(std::span(channels_.scales)));
    packed.append(std::as_bytes(std::span(channels_.sums)));
    packed.append(weight_bytes());
  }

 protected:
  virtual std::span<const std::byte> weight_bytes() const = 0;
  /// x: [padded rows, in]; products: [padded rows, out].
  virtual void multiply(const std::uint8_t* x, std::int64_t rows, std::int32_t* products) const = 0;

  /// The gradient by the input is a sum over output channels, whose scales are its factors: dy times these is
  /// rounded to bf16.
  const std::vector<float>& channel_scales() const { return channels_.scales; }

  std::int64_t in_, out_;

 private:
  Channels channels_;
};

class PanelInt8Kernel : public Int8Kernel {
 public:
  PanelInt8Kernel(Channels channels, PanelWeight weight)
      : Int8Kernel(weight.in(), weight.out(), std::move(channels)), weight_(std::move(weight)) {}

  void backward_input(const float* dy, std::int64_t rows, float* dx, bool accumulate) const override {
    weight_.multiply_transposed(dy, channel_scales(), rows, dx, accumulate);
  }

 protected:
  std::span<const std::byte> weight_bytes() const override { return weight_.bytes(); }
  void multiply(const std::uint8_t* x, std::int64_t rows, std::int32_t* products) const override {
    weight_.multiply(x, rows, products);
  }

 private:
  PanelWeight weight_;
};

/// By the library's matmuls, of which the gradient's is bf16's where that is the faster one.
class LibraryInt8Kernel : public Int8Kernel {
 public:
  LibraryInt8Kernel(std::int64_t in, std::int64_t out, Channels channels, PackedMatmul forward)
      : Int8Kernel(in, out, std::move(channels)), forward_(std::move(forward)) {}

  void backward_input(const float* dy, std::int64_t rows, float* dx, bool accumulate) const override {
    std::call_once(backward_once_, [this] { pack_backward(); });
    if (panels_) {
      panels_->multiply_transposed(dy, channel_scales(), rows, dx, accumulate);
      return;
    }
    const std::int64_t padded = padded_rows(rows);
    std::uint16_t* halves = room(KernelScratch::of_thread().halves, padded * out_);
    round_to_bf16(dy, rows, out_, channel_scales(), halves);
    backward_->run(halves, padded, dx, accumulate);
  }

 protected:
  std::span<const std::byte> weight_bytes() const override { return forward_.bytes(); }
  void multiply(const std::uint8_t* x, std::int64_t rows, std::int32_t* products) const override {
    forward_.run(x, padded_rows(rows), products, false);
  }

 private:
  void pack_backward() const {
    Matrix transposed;
    forward_.unpack_transposed(transposed);
    if (is_library_faster(MatmulType::bf16)) {
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

Result<std::vector<float>> take_floats(std::int64_t count, ArrayFileReader& packed) {
  INCIPIT_TRY(const std::shared_ptr<const std::byte> bytes,
              packed.take(static_cast<std::size_t>(count) * sizeof(float)));
  const auto* values = reinterpret_cast<const float*>(bytes.get());
  return std::vector<float>(values, values + count);
}

Result<Channels> take_channels(std::int64_t out, std::span<const float> bias, ArrayFileReader& packed) {
  Channels channels;
  INCIPIT_TRY(channels.scales, take_floats(out, packed));
  INCIPIT_TRY(channels.sums, take_floats(out, packed));
  channels.bias.assign(bias.begin(), bias.end());
  return channels;
}

/// make(channels, values): of the weight in 8 bits.
template <typename Make>
std::unique_ptr<LinearKernel> quantised(ConstMatrixView weight, std::span<const float> bias, Make make) {
  QuantisedWeight quantised = quantise_weight(weight);
  return make(Channels{std::move(quantised.scales), std::move(quantised.sums), {bias.begin(), bias.end()}},
              quantised.values.data());
}

}  // namespace

std::unique_ptr<LinearKernel> panel_int8_kernel(ConstMatrixView weight, std::span<const float> bias) {
  return quantised(weight, bias, [&](Channels channels, const std::int8_t* values) {
    return std::make_unique<PanelInt8Kernel>(std::move(channels),
                                             PanelWeight(values, weight.cols, weight.rows));
  });
}

std::unique_ptr<LinearKernel> library_int8_kernel(ConstMatrixView weight, std::span<const float> bias) {
  const std::int64_t in = weight.cols, out = weight.rows;
  return quantised(weight, bias, [&](Channels channels, const std::int8_t* values) {
    return std::make_unique<LibraryInt8Kernel>(in, out, std::move(channels), PackedMatmul(values, in, out));
  });
}

LoadedKernel load_panel_int8_kernel(std::int64_t in, std::int64_t out, std::span<const float> bias,
                                    ArrayFileReader& packed) {
  INCIPIT_TRY(Channels channels, take_channels(out, bias, packed));
  INCIPIT_TRY(PanelWeight weight, PanelWeight::load(PanelType::int8, in, out, packed));
  return std::make_unique<PanelInt8Kernel>(std::move(channels), std::move(weight));
}

LoadedKernel load_library_int8_kernel(std::int64_t in, std::int64_t out, std::span<const float> bias,
                                      ArrayFileReader& packed) {
  INCIPIT_TRY(Channels channels, take_channels(out, bias, packed));
  INCIPIT_TRY(PackedMatmul matmul, PackedMatmul::load(MatmulType::u8s8, in, out, {}, packed));
  return std::make_unique<LibraryInt8Kernel>(in, out, std::move(channels), std::move(matmul));
}

}  // namespace incipit
