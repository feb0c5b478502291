#include "eval/calibration.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace incipit {

double calibration_error(std::span<const float> confidences, std::span<const char> correct) {
  constexpr int kBins = 15;
  std::array<double, kBins> sum{};  // of correct - confidence
  for (std::size_t i = 0; i < confidences.size(); ++i) {
    const double confidence = confidences[i];
    if (!(confidence >= 0 && confidence <= 1)) continue;
    const int bin = std::max(0, static_cast<int>(std::ceil(confidence * kBins)) - 1);
    sum[static_cast<std::size_t>(bin)] += (correct[i] != 0 ? 1.0 : 0.0) - confidence;
  }
  double error = 0;
  for (const double difference : sum) error += std::abs(difference);
  return confidences.empty() ? 0.0 : error / static_cast<double>(confidences.size());
}

double log_loss(float probability) {
  constexpr float kEpsilon = std::numeric_limits<float>::epsilon();
  return -std::log(static_cast<double>(std::clamp(probability, kEpsilon, 1 - kEpsilon)));
}

}  // namespace incipit
