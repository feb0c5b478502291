#include "tune/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace incipit {

std::optional<Loss> loss_by_name(std::string_view name) {
  if (name == "labels") return Loss::labels;
  if (name == "vocabulary") return Loss::vocabulary;
  return std::nullopt;
}

std::optional<Schedule> schedule_by_name(std::string_view name) {
  if (name == "linear") return Schedule::linear;
  if (name == "cosine") return Schedule::cosine;
  if (name == "constant") return Schedule::constant;
  return std::nullopt;
}

double schedule_factor(Schedule schedule, std::int64_t step, double warmup_steps, std::int64_t total_steps) {
  const auto now = static_cast<double>(step), total = static_cast<double>(total_steps);
  if (now < warmup_steps) return now / std::max(1.0, warmup_steps);
  const double span = std::max(1.0, total - warmup_steps);
  switch (schedule) {
    case Schedule::linear:
      return std::max(0.0, (total - now) / span);
    case Schedule::cosine:
      return std::max(0.0, 0.5 * (1.0 + std::cos(std::numbers::pi * (now - warmup_steps) / span)));
    case Schedule::constant:
      return 1.0;
  }
  return 1.0;
}

}  // namespace incipit
