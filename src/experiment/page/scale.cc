#include "experiment/page/scale.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace incipit {

Range range_of(std::span<const double> values) {
  constexpr double kLargest = 1e300;  // so that no difference overflows
  Range range{kLargest, -kLargest};
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    range.low = std::min(range.low, std::clamp(value, -kLargest, kLargest));
    range.high = std::max(range.high, std::clamp(value, -kLargest, kLargest));
  }
  if (range.low > range.high) return {0, 1};
  const double room = std::max((range.high - range.low) * 0.05, std::abs(range.high) * 1e-3);
  if (room == 0) return {-1, 1};
  return {range.low - room, range.high + room};
}

std::vector<double> ticks(const Range& range, int wanted, double smallest_step) {
  const double rough = std::max((range.high - range.low) / wanted, smallest_step);
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= rough * (1 - 1e-9)) {
      step = factor * power;
      break;
    }
  std::vector<double> out;
  const double first = std::ceil(range.low / step - 1e-9);
  for (int i = 0; i <= 2 * wanted; ++i) {
    const double value = (first + i) * step;
    if (value > range.high + step * 1e-9) break;
    out.push_back(value == 0 ? 0 : value);  // no -0
  }
  if (out.size() < 2 && smallest_step == 0) return {range.low, range.high};
  return out;
}

std::string tick_label(double value, std::span<const double> all) {
  const double step = all.size() > 1 ? std::abs(all[1] - all[0]) : std::abs(value);
  if (std::abs(value) >= 1e6 || (step > 0 && step < 1e-5)) return fmt::format("{:.3g}", value);
  const int digits = step > 0 ? std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 1e-9)), 0, 6) : 0;
  return fmt::format("{:.{}f}", value, digits);
}

}  // namespace incipit
