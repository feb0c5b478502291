#include "eval/interval.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace incipit {
namespace {

constexpr double kZ = 1.959963984540054;  // of the normal distribution's middle 95 %

}  // namespace

double percentile(const std::vector<double>& sorted, double fraction) {
  const double position = fraction * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (position - static_cast<double>(below));
}

Interval wilson_interval(std::int64_t successes, std::int64_t count) {
  if (count <= 0) return {};
  const auto n = static_cast<double>(count);
  const double p = static_cast<double>(successes) / n;
  const double centre = p + kZ * kZ / (2 * n);
  const double half = kZ * std::sqrt(p * (1 - p) / n + kZ * kZ / (4 * n * n));
  const double scale = 1 + kZ * kZ / n;
  return {std::max(0.0, (centre - half) / scale), std::min(1.0, (centre + half) / scale)};
}

double student_t(double degrees) {
  constexpr std::array kExact = {12.7062, 4.3027, 3.1824, 2.7764, 2.5706,
                                 2.4469,  2.3646, 2.3060, 2.2622, 2.2281};
  degrees = std::max(degrees, 1.0);
  if (degrees >= static_cast<double>(kExact.size())) {
    // Abramowitz and Stegun 26.7.5, the first terms: within 0.003 from here on.
    const double z3 = kZ * kZ * kZ, z5 = z3 * kZ * kZ;
    return kZ + (z3 + kZ) / (4 * degrees) + (5 * z5 + 16 * z3 + 3 * kZ) / (96 * degrees * degrees);
  }
  const auto below = static_cast<std::size_t>(degrees);
  const double low = 1 / static_cast<double>(below), high = 1 / static_cast<double>(below + 1);
  const double part = (low - 1 / degrees) / (low - high);
  return kExact[below - 1] * std::pow(kExact[below] / kExact[below - 1], part);  // too large by 3 % at most
}

Interval percentile_interval(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {percentile(values, 0.025), percentile(values, 0.975)};
}

}  // namespace incipit
