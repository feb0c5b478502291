#include "ops/linear.h"

#include <algorithm>
#include <bit>
#include <mutex>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "ops/narrow.h"
#include "ops/packed_matmul.h"

namespace incipit {
namespace {

/// Inputs that the s32 sums of 8-bit products have room for: 255 * 127 each.
constexpr std::int64_t kMostInt8Inputs = 65536;

/// Inputs of a matmul in its own type, and what 8-bit ones stand for; grown as needed, one a thread.
struct Scratch {
  std::vector<std::uint16_t> halves;
  std::vector<std::uint8_t> bytes;
  Matrix floats;
  Matrix products;
  std::vector<RowScale> scales;
};

Scratch& scratch() {
  thread_local Scratch instance;
  return instance;
}

template <typename T>
T* room(std::vector<T>& values, std::int64_t count) {
  if (std::ssize(values) < count) values.resize(static_cast<std::size_t>(count));
  return values.data();
}

/// A product in bf16, or, where the processor lacks its units, in f32 of the same rounded numbers.
class Bf16Matmul {
 public:
  /// factors: what inputs are multiplied by, [in] or empty. use_units: where the processor has them.
  Bf16Matmul(ConstMatrixView weight, std::span<const float> bias, std::vector<float> factors = {},
             bool use_units = true)
      : uses_units_(use_units && has_units_for(MatmulType::bf16)),
        in_(weight.cols),
        factors_(std::move(factors)),
        matmul_(uses_units_ ? PackedMatmul(MatmulType::bf16, weight, bias) : rounded(weight, bias)) {}

  void run(const float* x, std::int64_t rows, float* y, bool accumulate) const {
    const std::int64_t padded = padded_rows(rows);
    if (uses_units_) {
      std::uint16_t* halves = room(scratch().halves, padded * in_);
      round_to_bf16(x, rows, in_, factors_, halves);
      matmul_.run(halves, padded, y, accumulate);
    } else {
      scratch().floats.resize(padded, in_);
      round_to_bf16(x, rows, in_, factors_, scratch().floats.data());
      matmul_.run(scratch().floats.data(), padded, y, accumulate);
    }
  }

  void unpack_transposed(Matrix& weight) const { matmul_.unpack_transposed(weight); }

 private:
  static PackedMatmul rounded(ConstMatrixView weight, std::span<const float> bias) {
    Matrix values;
    values.resize(weight.rows, weight.cols);
    for (std::int64_t i = 0; i < weight.rows; ++i)
      round_to_bf16(weight.row(i), 1, weight.cols, {}, values.row(i));
    return {MatmulType::f32, std::as_const(values).view(), bias};
  }

  bool uses_units_;
  std::int64_t in_;
  std::vector<float> factors_;
  PackedMatmul matmul_;
};

/// A product of 8-bit numbers, or, where the processor cannot sum them without overflow, in f32 of the same
/// numbers.
class Int8Matmul {
 public:
  Int8Matmul(ConstMatrixView weight, std::span<const float> bias)
      : Int8Matmul(quantise_weight(weight), weight.rows, weight.cols, bias) {}

  void run(const float* x, std::int64_t rows, float* y, bool accumulate) const {
    const std::int64_t padded = padded_rows(rows);
    const std::span<RowScale> scales(room(scratch().scales, rows), static_cast<std::size_t>(rows));
    float* products = y;
    if (accumulate) {
      scratch().products.resize(padded, out_);
      products = scratch().products.data();
    }
    if (uses_units_) {
      std::uint8_t* bytes = room(scratch().bytes, padded * in_);
      quantise_rows(x, rows, in_, bytes, scales.data());
      matmul_.run(bytes, padded, products, false);
    } else {
      scratch().floats.resize(padded, in_);
      quantise_rows(x, rows, in_, scratch().floats.data(), scales.data());
      matmul_.run(scratch().floats.data(), padded, products, false);
    }
    dequantise_rows(uses_units_ ? Products::integers : Products::floats, products, scales,
                    {scales_, sums_, bias_}, y, accumulate);
  }

  /// The gradient by the input is a sum over output channels, whose scales its factors are. It takes the
  /// faster of the two units, so that a training step gains from int8 in any case.
  Bf16Matmul backward() const {
    Matrix values;
    matmul_.unpack_transposed(values);
    return {std::as_const(values).view(), {}, scales_, is_bf16_faster()};
  }

 private:
  Int8Matmul(QuantisedWeight weight, std::int64_t out, std::int64_t in, std::span<const float> bias)
      : uses_units_(has_units_for(MatmulType::u8s8) && in <= kMostInt8Inputs),
        in_(in),
        out_(out),
        scales_(std::move(weight.scales)),
        sums_(std::move(weight.sums)),
        bias_(bias.begin(), bias.end()),
        matmul_(uses_units_ ? PackedMatmul(weight.values.data(), in, out)
                            : as_floats(weight.values, out, in)) {}

  static PackedMatmul as_floats(const std::vector<std::int8_t>& values, std::int64_t out, std::int64_t in) {
    Matrix floats;
    floats.resize(out, in);
    std::copy(values.begin(), values.end(), floats.data());
    return {MatmulType::f32, std::as_const(floats).view(), {}};
  }

  bool uses_units_;
  std::int64_t in_, out_;
  std::vector<float> scales_, sums_, bias_;
  PackedMatmul matmul_;
};

/// A product in f32.
class F32Matmul {
 public:
  F32Matmul(ConstMatrixView weight, std::span<const float> bias) : matmul_(MatmulType::f32, weight, bias) {}
  void run(const float* x, std::int64_t rows, float* y, bool accumulate) const {
    matmul_.run(x, padded_rows(rows), y, accumulate);
  }
  void unpack_transposed(Matrix& weight) const { matmul_.unpack_transposed(weight); }

 private:
  PackedMatmul matmul_;
};

using AnyMatmul = std::variant<F32Matmul, Bf16Matmul, Int8Matmul>;

AnyMatmul make_forward(ConstMatrixView weight, std::span<const float> bias, Precision precision) {
  switch (resolved(precision)) {
    case Precision::bf16:
      return Bf16Matmul(weight, bias);
    case Precision::int8:
      return Int8Matmul(weight, bias);
    case Precision::f32:
    case Precision::automatic:
      break;
  }
  return F32Matmul(weight, bias);
}

/// From the forward packing, so that nobody need keep the weight.
struct MakeBackward {
  AnyMatmul operator()(const Int8Matmul& forward) const { return forward.backward(); }
  template <typename Matmul>
  AnyMatmul operator()(const Matmul& forward) const {
    Matrix transposed;
    forward.unpack_transposed(transposed);
    return Matmul(std::as_const(transposed).view(), {});
  }
};

void run(const AnyMatmul& matmul, const float* x, std::int64_t rows, float* y, bool accumulate) {
  std::visit([&](const auto& kind) { kind.run(x, rows, y, accumulate); }, matmul);
}

}  // namespace

std::int64_t padded_rows(std::int64_t rows) {
  if (rows < 32) return rows;
  const auto step = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(rows)) / 32);
  return (rows + step - 1) / step * step;
}

struct Linear::State {
  std::int64_t in;
  std::int64_t out;
  AnyMatmul forward;
  std::once_flag backward_once{};
  std::optional<AnyMatmul> backward{};
};

Linear::Linear(ConstMatrixView weight, std::span<const float> bias, Precision precision)
    : state_(new State{weight.cols, weight.rows, make_forward(weight, bias, precision)}) {}
Linear::Linear(Linear&&) noexcept = default;
Linear& Linear::operator=(Linear&&) noexcept = default;
Linear::~Linear() = default;

std::int64_t Linear::in_features() const {
  return state_->in;
}
std::int64_t Linear::out_features() const {
  return state_->out;
}

void Linear::forward(const float* x, std::int64_t rows, float* y, bool accumulate) const {
  if (rows > 0) run(state_->forward, x, rows, y, accumulate);
}

void Linear::backward_input(const float* dy, std::int64_t rows, float* dx, bool accumulate) const {
  if (rows <= 0) return;
  std::call_once(state_->backward_once,
                 [this] { state_->backward.emplace(std::visit(MakeBackward(), state_->forward)); });
  run(*state_->backward, dy, rows, dx, accumulate);
}

}  // namespace incipit
