#include "experiment/vector_math.h"

#include <cmath>

namespace incipit {
namespace {

double dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

}  // namespace

double norm(std::span<const float> vector) {
  return std::sqrt(dot(vector, vector));
}

double cosine(std::span<const float> a, std::span<const float> b) {
  const double norms = norm(a) * norm(b);
  return norms > 0 ? dot(a, b) / norms : 0;
}

double distance(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sum += difference * difference;
  }
  return std::sqrt(sum);
}

}  // namespace incipit
