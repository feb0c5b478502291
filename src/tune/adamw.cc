#include "tune/adamw.h"

#include <cmath>

namespace incipit {
namespace {

constexpr double kBeta1 = 0.9;
constexpr double kBeta2 = 0.999;
constexpr double kEpsilon = 1e-8;

}  // namespace

void AdamW::add(Parameter& parameter, double learning_rate) {
  const std::int64_t rows = parameter.value.rows(), cols = parameter.value.cols();
  slots_.push_back({&parameter, learning_rate, Matrix(rows, cols), Matrix(rows, cols)});
}

void AdamW::clear_gradients() {
  for (Slot& slot : slots_) slot.parameter->gradient.fill(0.0f);
}

double AdamW::gradient_norm() const {
  double squares = 0;
  for (const Slot& slot : slots_)
    for (const float g : slot.parameter->gradient.values()) squares += static_cast<double>(g) * g;
  return std::sqrt(squares);
}

void AdamW::clip_gradients(double norm, double limit) {
  const double factor = limit / (norm + 1e-6);
  if (factor >= 1.0) return;
  for (Slot& slot : slots_)
    for (float& g : slot.parameter->gradient.values()) g *= static_cast<float>(factor);
}

void AdamW::step(double factor) {
  ++steps_;
  const double correction1 = 1.0 - std::pow(kBeta1, static_cast<double>(steps_));
  const double correction2 = std::sqrt(1.0 - std::pow(kBeta2, static_cast<double>(steps_)));
  for (Slot& slot : slots_) {
    const double rate = slot.learning_rate * factor;
    const auto keep = static_cast<float>(1.0 - rate * weight_decay_);
    const auto step_size = static_cast<float>(rate / correction1);
    float* value = slot.parameter->value.data();
    const float* gradient = slot.parameter->gradient.data();
    float *mean = slot.mean.data(), *square = slot.square.data();
    for (std::int64_t i = 0; i < slot.mean.size(); ++i) {
      mean[i] += static_cast<float>(1.0 - kBeta1) * (gradient[i] - mean[i]);
      square[i] = static_cast<float>(kBeta2) * square[i] +
                  static_cast<float>(1.0 - kBeta2) * gradient[i] * gradient[i];
      const float deviation =
          std::sqrt(square[i]) / static_cast<float>(correction2) + static_cast<float>(kEpsilon);
      value[i] = value[i] * keep - step_size * mean[i] / deviation;
    }
  }
}

}  // namespace incipit
