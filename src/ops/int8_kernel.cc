#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "ops/kernel_scratch.h"
#include "ops/linear.h"
#include "ops/linear_kernel.h"
#include "ops/narrow.h"
#include "ops/packed_matmul.h"
#include "ops/panel_weight.h"

namespace incipit {
namespace {

/// What stands around the products of integers.
struct Channels {
  std::vector<float> scales;                          // [out]
  std::vector<std::int32_t> output_sums, input_sums;  // [out], [in]: of the weight's values
  std::vector<float> bias;                            // [out] or empty
};

/// What the two kinds share. The gradient by the input is a sum over output channels, whose scales are its
/// factors: dy times these is quantised, a scale a row, as x is.
class Int8Kernel : public LinearKernel {
 public:
  explicit Int8Kernel(Channels channels) : channels_(std::move(channels)) {}

  void forward(const float* x, std::int64_t rows, float* y, bool accumulate) const override {
    multiply(quantised(x, rows, in(), {}), {channels_.output_sums, channels_.scales, channels_.bias}, y,
             accumulate);
  }
  void backward_input(const float* dy, std::int64_t rows, float* dx, bool accumulate) const override {
    multiply_transposed(quantised(dy, rows, out(), channels_.scales), {channels_.input_sums, {}, {}}, dx,
                        accumulate);
  }

  void save(ArrayFileWriter& packed) const override {
    packed.append(std::as_bytes(std::span(channels_.scales)));
    packed.append(std::as_bytes(std::span(channels_.output_sums)));
    packed.append(std::as_bytes(std::span(channels_.input_sums)));
    packed.append(weight_bytes());
  }

 protected:
  virtual std::span<const std::byte> weight_bytes() const = 0;
  // As PanelWeight's. x and dy have room for padded rows.
  virtual void multiply(const QuantisedRows& x, const ProductColumns& columns, float* y,
                        bool accumulate) const = 0;
  virtual void multiply_transposed(const QuantisedRows& dy, const ProductColumns& columns, float* dx,
                                   bool accumulate) const = 0;

  std::int64_t in() const { return std::ssize(channels_.input_sums); }
  std::int64_t out() const { return std::ssize(channels_.output_sums); }

 private:
  static QuantisedRows quantised(const float* x, std::int64_t rows, std::int64_t width,
                                 std::span<const float> factors) {
    KernelScratch& scratch = KernelScratch::of_thread();
    RowScale* scales = room(scratch.scales, rows);
    std::uint8_t* bytes = room(scratch.bytes, padded_rows(rows) * width);
    quantise_rows(x, rows, width, factors, bytes, scales);
    return {bytes, {scales, static_cast<std::size_t>(rows)}};
  }

  Channels channels_;
};

class PanelInt8Kernel : public Int8Kernel {
 public:
  PanelInt8Kernel(Channels channels, PanelWeight weight)
      : Int8Kernel(std::move(channels)), weight_(std::move(weight)) {}

 protected:
  std::span<const std::byte> weight_bytes() const override { return weight_.bytes(); }
  void multiply(const QuantisedRows& x, const ProductColumns& columns, float* y,
                bool accumulate) const override {
    weight_.multiply(x, columns, y, accumulate);
  }
  void multiply_transposed(const QuantisedRows& dy, const ProductColumns& columns, float* dx,
                           bool accumulate) const override {
    weight_.multiply_transposed(dy, columns, dx, accumulate);
  }

 private:
  PanelWeight weight_;
};

class LibraryInt8Kernel : public Int8Kernel {
 public:
  LibraryInt8Kernel(Channels channels, PackedMatmul forward)
      : Int8Kernel(std::move(channels)), forward_(std::move(forward)) {}

 protected:
  std::span<const std::byte> weight_bytes() const override { return forward_.bytes(); }
  void multiply(const QuantisedRows& x, const ProductColumns& columns, float* y,
                bool accumulate) const override {
    run(forward_, x, columns, y, accumulate);
  }
  void multiply_transposed(const QuantisedRows& dy, const ProductColumns& columns, float* dx,
                           bool accumulate) const override {
    std::call_once(backward_once_, [this] { pack_backward(); });
    run(*backward_, dy, columns, dx, accumulate);
  }

 private:
  static void run(const PackedMatmul& matmul, const QuantisedRows& x, const ProductColumns& columns, float* y,
                  bool accumulate) {
    const std::int64_t rows = padded_rows(std::ssize(x.scales)), width = std::ssize(columns.sums);
    // Where nothing is added to, y's memory has room for them.
    auto* products = accumulate ? room(KernelScratch::of_thread().products, rows * width)
                                : reinterpret_cast<std::int32_t*>(y);
    matmul.run(x.values, rows, products, false);
    dequantise_rows(products, x.scales, columns, y, accumulate);
  }

  void pack_backward() const {
    Matrix transposed;
    forward_.unpack_transposed(transposed);
    const std::vector<std::int8_t> weight(transposed.values().begin(), transposed.values().end());
    backward_.emplace(weight.data(), out(), in());
  }

  PackedMatmul forward_;
  mutable std::once_flag backward_once_{};
  mutable std::optional<PackedMatmul> backward_{};
};

template <typename T>
Result<std::vector<T>> take_values(std::int64_t count, ArrayFileReader& packed) {
  INCIPIT_TRY(const std::shared_ptr<const std::byte> bytes,
              packed.take(static_cast<std::size_t>(count) * sizeof(T)));
  const auto* values = reinterpret_cast<const T*>(bytes.get());
  return std::vector<T>(values, values + count);
}

Result<Channels> take_channels(std::int64_t in, std::int64_t out, std::span<const float> bias,
                               ArrayFileReader& packed) {
  Channels channels;
  INCIPIT_TRY(channels.scales, take_values<float>(out, packed));
  INCIPIT_TRY(channels.output_sums, take_values<std::int32_t>(out, packed));
  INCIPIT_TRY(channels.input_sums, take_values<std::int32_t>(in, packed));
  channels.bias.assign(bias.begin(), bias.end());
  return channels;
}

Channels channels_of(QuantisedWeight& weight, std::span<const float> bias) {
  return {std::move(weight.scales),
          std::move(weight.output_sums),
          std::move(weight.input_sums),
          {bias.begin(), bias.end()}};
}

}  // namespace

std::unique_ptr<LinearKernel> panel_int8_kernel(ConstMatrixView weight, std::span<const float> bias) {
  QuantisedWeight quantised = quantise_weight(weight);
  return std::make_unique<PanelInt8Kernel>(channels_of(quantised, bias),
                                           PanelWeight(quantised.values.data(), weight.cols, weight.rows));
}

std::unique_ptr<LinearKernel> library_int8_kernel(ConstMatrixView weight, std::span<const float> bias) {
  QuantisedWeight quantised = quantise_weight(weight);
  return std::make_unique<LibraryInt8Kernel>(channels_of(quantised, bias),
                                             PackedMatmul(quantised.values.data(), weight.cols, weight.rows));
}

LoadedKernel load_panel_int8_kernel(std::int64_t in, std::int64_t out, std::span<const float> bias,
                                    ArrayFileReader& packed) {
  INCIPIT_TRY(Channels channels, take_channels(in, out, bias, packed));
  INCIPIT_TRY(PanelWeight weight, PanelWeight::load(PanelType::int8, in, out, packed));
  return std::make_unique<PanelInt8Kernel>(std::move(channels), std::move(weight));
}

LoadedKernel load_library_int8_kernel(std::int64_t in, std::int64_t out, std::span<const float> bias,
                                      ArrayFileReader& packed) {
  INCIPIT_TRY(Channels channels, take_channels(in, out, bias, packed));
  INCIPIT_TRY(PackedMatmul matmul, PackedMatmul::load(MatmulType::u8s8, in, out, {}, packed));
  return std::make_unique<LibraryInt8Kernel>(std::move(channels), std::move(matmul));
}

}  // namespace incipit
