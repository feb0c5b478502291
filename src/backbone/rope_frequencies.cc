#include "backbone/rope_frequencies.h"

#include <cmath>
#include <numbers>

namespace incipit {
namespace {

/// Llama 3.1's: fast pairs stay, slow ones are slowed by the factor, those in between by a part of it.
double llama3_frequency(const RopeConfig& rope, double frequency) {
  const auto context = static_cast<double>(rope.original_max_position_embeddings);
  const double wavelength = 2 * std::numbers::pi / frequency;
  if (wavelength > context / rope.low_freq_factor) return frequency / rope.factor;
  if (wavelength < context / rope.high_freq_factor) return frequency;
  const double smooth =
      (context / wavelength - rope.low_freq_factor) / (rope.high_freq_factor - rope.low_freq_factor);
  return (1 - smooth) * frequency / rope.factor + smooth * frequency;
}

}  // namespace

Result<std::vector<float>> rope_frequencies(const RopeConfig& rope, std::int64_t head_dim) {
  std::vector<float> frequencies;
  for (std::int64_t i = 0; i < head_dim / 2; ++i) {
    const double frequency =
        std::pow(rope.theta, -2.0 * static_cast<double>(i) / static_cast<double>(head_dim));
    if (rope.type == "default")
      frequencies.push_back(static_cast<float>(frequency));
    else if (rope.type == "linear")
      frequencies.push_back(static_cast<float>(frequency / rope.factor));
    else if (rope.type == "llama3")
      frequencies.push_back(static_cast<float>(llama3_frequency(rope, frequency)));
    else
      return fail("rope_type \"{}\" is not supported; default, linear and llama3 are", rope.type);
  }
  for (std::size_t i = 0; i < rope.divisors.size() && i < frequencies.size(); ++i)
    frequencies[i] /= rope.divisors[i];
  return frequencies;
}

}  // namespace incipit
