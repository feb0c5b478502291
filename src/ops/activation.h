#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace incipit {

enum class Activation {
  gelu,       // x Φ(x), by the error function
  gelu_tanh,  // its tanh approximation (gelu_new, gelu_pytorch_tanh)
  relu,
  tanh,
};

/// By the name that Hugging Face configs use; none for one that is not supported.
std::optional<Activation> activation_by_name(std::string_view name);

/// y = f(x) for `count` contiguous values; y may be x. In parallel where it is worth it.
void activate(Activation activation, const float* x, float* y, std::int64_t count);

/// dx = dy f'(x), x being what activate() was given; dx may be dy.
void activate_backward(Activation activation, const float* x, const float* dy, float* dx, std::int64_t count);

}  // namespace incipit
