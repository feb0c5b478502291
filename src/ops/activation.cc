#include "ops/activation.h"

#include <algorithm>

#include "base/parallel.h"
#include "base/phase_clock.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/activation.cc"
// Before everything else of Highway, against the alphabet:
// clang-format off
#include <hwy/foreach_target.h>
#include <hwy/contrib/math/math-inl.h>
// clang-format on

#include "ops/narrow-inl.h"
#include "ops/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace incipit::HWY_NAMESPACE {

HWY_INLINE FloatVec constant(float value) {
  return hn::Set(FloatTag(), value);
}

/// Φ(x) and exp(-x²/2), by Abramowitz and Stegun's formula 7.1.26 (absolute error below 1.5e-7).
struct NormalCdf {
  FloatVec cdf;
  FloatVec bell;
};
HWY_INLINE NormalCdf normal_cdf(FloatVec x) {
  const FloatTag d;
  const FloatVec z = hn::Mul(hn::Abs(x), constant(0.70710678f));
  const FloatVec bell = hn::Exp(d, hn::Neg(hn::Mul(z, z)));
  const FloatVec t = hn::Div(constant(1.0f), hn::MulAdd(z, constant(0.3275911f), constant(1.0f)));
  FloatVec poly = hn::MulAdd(t, constant(1.061405429f), constant(-1.453152027f));
  poly = hn::MulAdd(poly, t, constant(1.421413741f));
  poly = hn::MulAdd(poly, t, constant(-0.284496736f));
  poly = hn::MulAdd(poly, t, constant(0.254829592f));
  const FloatVec upper_tail = hn::Mul(constant(0.5f), hn::Mul(hn::Mul(poly, t), bell));  // 1 - Φ(|x|)
  const FloatVec cdf =
      hn::IfThenElse(hn::Lt(x, hn::Zero(d)), upper_tail, hn::Sub(constant(1.0f), upper_tail));
  return {cdf, bell};
}

/// gelu_tanh is x σ(z), z = √(8/π) (x + 0.044715 x³), since (1 + tanh(z/2)) / 2 = σ(z); so neither tail
/// cancels.
struct Sigmoid {
  FloatVec value;
  FloatVec complement;  // 1 - value
};
HWY_INLINE Sigmoid sigmoid(FloatVec z) {
  const FloatVec e = hn::Exp(FloatTag(), hn::Min(z, constant(80.0f)));  // σ is 1 long before exp overflows
  const FloatVec complement = hn::Div(constant(1.0f), hn::Add(e, constant(1.0f)));
  return {hn::Mul(e, complement), complement};
}
HWY_INLINE Sigmoid gelu_tanh_gate(FloatVec x) {
  return sigmoid(hn::Mul(hn::Mul(constant(1.59576912f), x),
                         hn::MulAdd(constant(0.044715f), hn::Mul(x, x), constant(1.0f))));
}

HWY_INLINE FloatVec value_of(Activation activation, FloatVec x) {
  const FloatTag d;
  switch (activation) {
    case Activation::gelu:
      return hn::Mul(x, normal_cdf(x).cdf);
    case Activation::gelu_tanh:
      return hn::Mul(x, gelu_tanh_gate(x).value);
    case Activation::relu:
      return hn::IfThenZeroElse(hn::Lt(x, hn::Zero(d)), x);  // keeps NaN, unlike Max
    case Activation::tanh:
      return hn::Tanh(d, x);
    case Activation::silu:
      return hn::Mul(x, sigmoid(x).value);
  }
  return x;
}

HWY_INLINE FloatVec slope_of(Activation activation, FloatVec x) {
  const FloatTag d;
  switch (activation) {
    case Activation::gelu: {
      const NormalCdf normal = normal_cdf(x);
      return hn::MulAdd(hn::Mul(x, constant(0.39894228f)), normal.bell, normal.cdf);
    }
    case Activation::gelu_tanh: {
      const Sigmoid gate = gelu_tanh_gate(x);
      const FloatVec d_z =
          hn::MulAdd(constant(1.59576912f * 3.0f * 0.044715f), hn::Mul(x, x), constant(1.59576912f));
      return hn::MulAdd(hn::Mul(hn::Mul(x, d_z), gate.complement), gate.value, gate.value);
    }
    case Activation::relu:
      return hn::IfThenElseZero(hn::Gt(x, hn::Zero(d)), constant(1.0f));
    case Activation::tanh: {
      const FloatVec t = hn::Tanh(d, x);
      return hn::NegMulAdd(t, t, constant(1.0f));
    }
    case Activation::silu: {
      const Sigmoid gate = sigmoid(x);
      return hn::MulAdd(hn::Mul(x, gate.complement), gate.value, gate.value);
    }
  }
  return x;
}

void activate_range(Activation activation, const float* x, float* y, std::int64_t count) {
  for_each_vector(count, [&](std::int64_t i, auto load, auto store)
                             HWY_ATTR { store(value_of(activation, load(x + i)), y + i); });
}

void activate_backward_range(Activation activation, const float* x, const float* dy, float* dx,
                             std::int64_t count) {
  for_each_vector(count, [&](std::int64_t i, auto load, auto store) HWY_ATTR {
    store(hn::Mul(load(dy + i), slope_of(activation, load(x + i))), dx + i);
  });
}

void activate_gated_row(Activation activation, const float* gate, const float* up, std::int64_t width,
                        float* y) {
  for_each_vector(width, [&](std::int64_t i, auto load, auto store) HWY_ATTR {
    store(hn::Mul(value_of(activation, load(gate + i)), load(up + i)), y + i);
  });
}

void activate_gated_backward_row(Activation activation, const float* gate, const float* up, const float* dy,
                                 std::int64_t width, float* d_gate, float* d_up) {
  for_each_vector(width, [&](std::int64_t i, auto load, auto store) HWY_ATTR {
    const FloatVec g = load(gate + i), u = load(up + i), d = load(dy + i);
    store(hn::Mul(hn::Mul(d, u), slope_of(activation, g)), d_gate + i);
    store(hn::Mul(d, value_of(activation, g)), d_up + i);
  });
}

// What is rounded, or was, goes by in pieces that stay in the first-level cache.
constexpr std::int64_t kPiece = 2048;

void activate_and_round(Activation activation, const float* x, float* y, std::int64_t count,
                        std::uint16_t* rounded) {
  for (std::int64_t i = 0; i < count; i += kPiece) {
    const std::int64_t piece = std::min(kPiece, count - i);
    row_to_bf16(x + i, piece, rounded + i);
    activate_range(activation, x + i, y + i, piece);
  }
}

void activate_backward_rounded(Activation activation, const std::uint16_t* x, const float* dy, float* dx,
                               std::int64_t count) {
  HWY_ALIGN float widened[kPiece];
  for (std::int64_t i = 0; i < count; i += kPiece) {
    const std::int64_t piece = std::min(kPiece, count - i);
    widen_row(x + i, piece, widened);
    activate_backward_range(activation, widened, dy + i, dx + i, piece);
  }
}

void activate_and_round_gated_row(Activation activation, const float* gate_up, std::int64_t width, float* y,
                                  std::uint16_t* rounded) {
  row_to_bf16(gate_up, 2 * width, rounded);
  activate_gated_row(activation, gate_up, gate_up + width, width, y);
}

void activate_gated_backward_rounded_row(Activation activation, const std::uint16_t* gate_up, const float* dy,
                                         std::int64_t width, float* d_gate_up) {
  HWY_ALIGN float gate[kPiece], up[kPiece];
  for (std::int64_t i = 0; i < width; i += kPiece) {
    const std::int64_t piece = std::min(kPiece, width - i);
    widen_row(gate_up + i, piece, gate);
    widen_row(gate_up + width + i, piece, up);
    activate_gated_backward_row(activation, gate, up, dy + i, piece, d_gate_up + i, d_gate_up + width + i);
  }
}

}  // namespace incipit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace incipit {
namespace {

constexpr std::int64_t kGrain = 16384;  // values worth a thread

}  // namespace

HWY_EXPORT(activate_range);
HWY_EXPORT(activate_backward_range);
HWY_EXPORT(activate_gated_row);
HWY_EXPORT(activate_gated_backward_row);
HWY_EXPORT(activate_and_round);
HWY_EXPORT(activate_backward_rounded);
HWY_EXPORT(activate_and_round_gated_row);
HWY_EXPORT(activate_gated_backward_rounded_row);

std::optional<Activation> activation_by_name(std::string_view name) {
  if (name == "gelu") return Activation::gelu;
  if (name == "gelu_new" || name == "gelu_pytorch_tanh") return Activation::gelu_tanh;
  if (name == "relu") return Activation::relu;
  if (name == "tanh") return Activation::tanh;
  if (name == "silu" || name == "swish") return Activation::silu;
  return std::nullopt;
}

void activate(Activation activation, const float* x, float* y, std::int64_t count, std::uint16_t* rounded) {
  const PhaseTimer timer(Phase::activation);
  parallel_for(count, kGrain, [&](std::int64_t begin, std::int64_t end) {
    if (rounded != nullptr) HWY_DYNAMIC_DISPATCH(activate_and_round)
    (activation, x + begin, y + begin, end - begin, rounded + begin);
    else HWY_DYNAMIC_DISPATCH(activate_range)(activation, x + begin, y + begin, end - begin);
  });
}

void activate_backward(Activation activation, ConstKept x, const float* dy, float* dx, std::int64_t count) {
  const PhaseTimer timer(Phase::activation);
  parallel_for(count, kGrain, [&](std::int64_t begin, std::int64_t end) {
    if (x.halves != nullptr) HWY_DYNAMIC_DISPATCH(activate_backward_rounded)
    (activation, x.halves + begin, dy + begin, dx + begin, end - begin);
    else HWY_DYNAMIC_DISPATCH(activate_backward_range)(activation, x.floats + begin, dy + begin, dx + begin,
                                                       end - begin);
  });
}

void activate_gated(Activation activation, const float* gate_up, std::int64_t rows, std::int64_t width,
                    float* y, std::uint16_t* rounded) {
  const PhaseTimer timer(Phase::activation);
  parallel_for(rows, kGrain / width + 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const float* gate = gate_up + 2 * i * width;
      if (rounded != nullptr) HWY_DYNAMIC_DISPATCH(activate_and_round_gated_row)
      (activation, gate, width, y + i * width, rounded + 2 * i * width);
      else HWY_DYNAMIC_DISPATCH(activate_gated_row)(activation, gate, gate + width, width, y + i * width);
    }
  });
}

void activate_gated_backward(Activation activation, ConstKept gate_up, const float* dy, std::int64_t rows,
                             std::int64_t width, float* d_gate_up) {
  const PhaseTimer timer(Phase::activation);
  parallel_for(rows, kGrain / width + 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t at = 2 * i * width;
      if (gate_up.halves != nullptr) HWY_DYNAMIC_DISPATCH(activate_gated_backward_rounded_row)
      (activation, gate_up.halves + at, dy + i * width, width, d_gate_up + at);
      else HWY_DYNAMIC_DISPATCH(activate_gated_backward_row)(activation, gate_up.floats + at,
                                                             gate_up.floats + at + width, dy + i * width,
                                                             width, d_gate_up + at, d_gate_up + at + width);
    }
  });
}

}  // namespace incipit
#endif
