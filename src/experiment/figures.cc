#include "experiment/figures.h"

#include <fmt/format.h>

namespace incipit {

std::string spell(const Spread& spread, std::size_t trials) {
  const std::string mean = fmt::format("{:.4f}", spread.mean);
  return trials < 2 ? mean : fmt::format("{} ± {:.4f}", mean, spread.sd);
}

std::string spell(const Interval& interval) {
  return fmt::format("{:.3f} to {:.3f}", interval.low, interval.high);
}

std::string spell_behind(const RunSummary& summary) {
  const Interval& interval = summary.behind_best_interval;
  return fmt::format("{:.1f} ({:.1f} to {:.1f})", 100 * summary.behind_best, 100 * interval.low,
                     100 * interval.high);
}

std::string with_commas(std::int64_t number) {
  std::string digits = std::to_string(number);
  const std::size_t first = digits.starts_with('-') ? 1 : 0;
  for (std::size_t i = digits.size(); i > first + 3;) digits.insert(i -= 3, ",");
  return digits;
}

std::string spell_seconds(double seconds) {
  return fmt::format("{:.{}f}", seconds, seconds < 9.995 ? 2 : seconds < 99.95 ? 1 : 0);
}

std::string spell_mebibytes(std::int64_t bytes) {
  return with_commas((bytes + (1 << 19)) >> 20);
}

std::string label_name(const Comparison& comparison, int label) {
  const auto index = static_cast<std::size_t>(label);
  return index < comparison.labels.size() ? comparison.labels[index] : std::to_string(label);
}

}  // namespace incipit
