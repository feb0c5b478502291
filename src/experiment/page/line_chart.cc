#include "experiment/page/line_chart.h"

#include <cmath>

#include <fmt/format.h>

namespace incipit {
namespace {

constexpr double kHeight = 250;

Markup drawn(const Line& line, const Axes& axes) {
  std::vector<std::pair<double, double>> places;
  for (const auto& [x, y] : line.points) places.emplace_back(axes.x(x), axes.y(y));
  Markup out = svg_polyline(places, "line " + line.css_class, line.tooltip);
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (!std::isfinite(places[i].second)) continue;
    const std::string tooltip =
        fmt::format("{}{}{:.4f}", line.tooltip, line.tooltip.empty() ? "" : ": ", line.points[i].second);
    if (line.dots)
      out += svg_circle(places[i].first, places[i].second, 2.6, "dot " + line.css_class, tooltip);
    if (i == line.ringed)
      out += svg_circle(places[i].first, places[i].second, 6, "ring " + line.css_class, tooltip);
  }
  return out;
}

}  // namespace

Markup line_chart(const LineChart& chart) {
  std::vector<double> xs, ys;
  for (const Line& line : chart.lines)
    for (const auto& [x, y] : line.points)
      if (std::isfinite(x) && std::isfinite(y)) {
        xs.push_back(x);
        ys.push_back(y);
      }
  if (ys.empty()) return {};
  const Axes axes(range_of(xs), range_of(ys), kHeight, chart.whole_x);
  Markup shapes = axes.drawn(chart.axes);
  for (const Line& line : chart.lines) shapes += drawn(line, axes);
  return figure(chart.about, Axes::kWidth, kHeight, shapes);
}

}  // namespace incipit
