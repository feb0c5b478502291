#include "experiment/page/removal_chart.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "experiment/page/axes.h"
#include "experiment/page/svg.h"

namespace incipit {
namespace {

constexpr double kHeight = 250;

}  // namespace

Markup removal_chart(const PromptInspection& prompt) {
  if (prompt.examples == 0 || prompt.tokens.empty()) return {};
  std::vector<double> values{prompt.accuracy, prompt.accuracy_without_prompt};
  for (const VirtualTokenView& token : prompt.tokens) values.push_back(token.accuracy_without);
  const auto count = static_cast<double>(prompt.tokens.size());
  const Axes axes({0.4, count + 0.6}, range_of(values), kHeight, true);
  const double whole = axes.y(prompt.accuracy), none = axes.y(prompt.accuracy_without_prompt);
  const double bar = std::min(0.7 * (axes.x(1) - axes.x(0)), 24.0);
  Markup shapes = axes.drawn({"virtual token", ""});
  for (std::size_t i = 0; i < prompt.tokens.size(); ++i) {
    const double value = prompt.tokens[i].accuracy_without;
    if (!std::isfinite(value)) continue;
    // At least as thick as a line, so that a token without effect is seen too.
    const double y = axes.y(value), top = std::min(y, whole) - 1;
    shapes +=
        svg_rect(axes.x(static_cast<double>(i + 1)) - bar / 2, top, bar, std::abs(y - whole) + 2,
                 value < prompt.accuracy ? "loss-bar" : "gain-bar",
                 fmt::format("without token {}: {:.3f} ({:+.3f})", i + 1, value, value - prompt.accuracy));
  }
  shapes += svg_line(axes.left(), whole, axes.right(), whole, "whole-prompt");
  shapes += svg_line(axes.left(), none, axes.right(), none, "no-prompt");
  return figure({"removal", "Accuracy without each token",
                 fmt::format("on {} texts; the axis does not start at 0", prompt.examples),
                 "Accuracy when each virtual token alone is removed",
                 legend({{"whole-prompt", fmt::format("whole prompt: {:.3f}", prompt.accuracy)},
                         {"no-prompt", fmt::format("no prompt: {:.3f}", prompt.accuracy_without_prompt)}})},
                Axes::kWidth, kHeight, shapes);
}

}  // namespace incipit
