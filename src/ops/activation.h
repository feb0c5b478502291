#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "ops/kept.h"

namespace incipit {

enum class Activation {
  gelu,       // x Φ(x), by the error function
  gelu_tanh,  // its tanh approximation (gelu_new, gelu_pytorch_tanh)
  relu,
  tanh,
  silu,  // x σ(x)
};

/// By the name that Hugging Face configs use; none for one that is not supported.
std::optional<Activation> activation_by_name(std::string_view name);

/// y = f(x) for `count` contiguous values; y may be x. Where `rounded` [count] is not null it becomes x in
/// bf16. In parallel where it is worth it.
void activate(Activation activation, const float* x, float* y, std::int64_t count,
              std::uint16_t* rounded = nullptr);

/// dx = dy f'(x), x being what activate() was given, or rounded; dx may be dy.
void activate_backward(Activation activation, ConstKept x, const float* dy, float* dx, std::int64_t count);

/// A gated unit (Shazeer 2020, "GLU Variants"; SwiGLU where f is silu): y = f(gate) * up. gate_up: [rows,
/// 2*width], a row's gate in front of its up; y: [rows, width]; both contiguous, and apart. `rounded`, as
/// gate_up, or null.
void activate_gated(Activation activation, const float* gate_up, std::int64_t rows, std::int64_t width,
                    float* y, std::uint16_t* rounded = nullptr);

/// d_gate_up [rows, 2*width], gate_up being what activate_gated() was given, or rounded; it may be gate_up.
void activate_gated_backward(Activation activation, ConstKept gate_up, const float* dy, std::int64_t rows,
                             std::int64_t width, float* d_gate_up);

}  // namespace incipit
