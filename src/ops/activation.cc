#include "ops/activation.h"

#include "base/parallel.h"
#include "base/phase_clock.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/activation.cc"
// Before everything else of Highway, against the alphabet:
// clang-format off
#include <hwy/foreach_target.h>
#include <hwy/contrib/math/math-inl.h>
// clang-format on

#include "ops/exp-inl.h"
#include "ops/narrow-inl.h"
#include "ops/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace incipit::HWY_NAMESPACE {

HWY_INLINE FloatVec constant(float value) {
  return hn::Set(FloatTag(), value);
}

/// 1 / x within a unit or two in the last place, for x from 1 to 1e35.
HWY_INLINE FloatVec reciprocal(FloatVec x) {
#if HWY_ARCH_X86
  const FloatVec guess = hn::ApproximateReciprocal(x);  // 12 bits or more; a division takes far longer
  return hn::Mul(guess, hn::NegMulAdd(x, guess, constant(2.0f)));
#else
  return hn::Div(constant(1.0f), x);
#endif
}

/// Φ(x) and exp(-x²/2), by Abramowitz and Stegun's formula 7.1.26 (absolute error below 1.5e-7).
struct NormalCdf {
  FloatVec cdf;
  FloatVec bell;
};
HWY_INLINE NormalCdf normal_cdf(FloatVec x) {
  const FloatTag d;
  const FloatVec size = hn::Min(hn::Abs(x), constant(20.0f));  // the tail is 0 long before
  const FloatVec bell = bounded_exp(hn::Mul(hn::Mul(size, constant(-0.5f)), size));
  const FloatVec t = reciprocal(hn::MulAdd(size, constant(0.3275911f * 0.70710678f), constant(1.0f)));
  FloatVec poly = hn::MulAdd(t, constant(0.5f * 1.061405429f), constant(0.5f * -1.453152027f));
  poly = hn::MulAdd(poly, t, constant(0.5f * 1.421413741f));
  poly = hn::MulAdd(poly, t, constant(0.5f * -0.284496736f));
  poly = hn::MulAdd(poly, t, constant(0.5f * 0.254829592f));
  const FloatVec upper_tail = hn::Mul(hn::Mul(poly, t), bell);  // 1 - Φ(|x|)
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
  const FloatVec e = bounded_exp(hn::Min(z, constant(80.0f)));  // σ is 1 long before exp overflows
  const FloatVec complement = reciprocal(hn::Add(e, constant(1.0f)));
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

// `rounded`, where not null, becomes what is activated in bf16.

void activate_range(Activation activation, const float* x, float* y, std::int64_t count,
                    std::uint16_t* rounded) {
  for_each_vector(count, [&](std::int64_t i, auto load, auto store) HWY_ATTR {
    const FloatVec value = load(x + i);
    if (rounded != nullptr) store_bf16(value, rounded + i, count - i);
    store(value_of(activation, value), y + i);
  });
}

void activate_backward_range(Activation activation, ConstKept x, const float* dy, float* dx,
                             std::int64_t count) {
  for_each_vector(count, [&](std::int64_t i, auto load, auto store) HWY_ATTR {
    store(hn::Mul(load(dy + i), slope_of(activation, load_kept(x, i, count, load))), dx + i);
  });
}

void activate_gated_row(Activation activation, const float* gate_up, std::int64_t width, float* y,
                        std::uint16_t* rounded) {
  for_each_vector(width, [&](std::int64_t i, auto load, auto store) HWY_ATTR {
    const FloatVec gate = load(gate_up + i), up = load(gate_up + width + i);
    if (rounded != nullptr) {
      store_bf16(gate, rounded + i, width - i);
      store_bf16(up, rounded + width + i, width - i);
    }
    store(hn::Mul(value_of(activation, gate), up), y + i);
  });
}

void activate_gated_backward_row(Activation activation, ConstKept gate_up, const float* dy,
                                 std::int64_t width, float* d_gate_up) {
  const ConstKept up = gate_up.from(width);
  for_each_vector(width, [&](std::int64_t i, auto load, auto store) HWY_ATTR {
    const FloatVec g = load_kept(gate_up, i, width, load), u = load_kept(up, i, width, load);
    const FloatVec d = load(dy + i);
    store(hn::Mul(hn::Mul(d, u), slope_of(activation, g)), d_gate_up + i);
    store(hn::Mul(d, value_of(activation, g)), d_gate_up + width + i);
  });
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
  const Kept kept(nullptr, rounded);
  parallel_for(count, kGrain, [&](std::int64_t begin, std::int64_t end) {
    HWY_DYNAMIC_DISPATCH(activate_range)
    (activation, x + begin, y + begin, end - begin, kept.from(begin).halves);
  });
}

void activate_backward(Activation activation, ConstKept x, const float* dy, float* dx, std::int64_t count) {
  const PhaseTimer timer(Phase::activation);
  parallel_for(count, kGrain, [&](std::int64_t begin, std::int64_t end) {
    HWY_DYNAMIC_DISPATCH(activate_backward_range)
    (activation, x.from(begin), dy + begin, dx + begin, end - begin);
  });
}

void activate_gated(Activation activation, const float* gate_up, std::int64_t rows, std::int64_t width,
                    float* y, std::uint16_t* rounded) {
  const PhaseTimer timer(Phase::activation);
  const Kept kept(nullptr, rounded);
  parallel_for(rows, kGrain / width + 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) HWY_DYNAMIC_DISPATCH(activate_gated_row)
    (activation, gate_up + 2 * i * width, width, y + i * width, kept.from(2 * i * width).halves);
  });
}

void activate_gated_backward(Activation activation, ConstKept gate_up, const float* dy, std::int64_t rows,
                             std::int64_t width, float* d_gate_up) {
  const PhaseTimer timer(Phase::activation);
  parallel_for(rows, kGrain / width + 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t at = 2 * i * width;
      HWY_DYNAMIC_DISPATCH(activate_gated_backward_row)
      (activation, gate_up.from(at), dy + i * width, width, d_gate_up + at);
    }
  });
}

}  // namespace incipit
#endif
