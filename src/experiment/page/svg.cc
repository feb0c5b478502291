#include "experiment/page/svg.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace incipit {
namespace {

Markup tip(std::string_view tooltip) {
  return tooltip.empty() ? Markup() : element("title", tooltip);
}

Markup caption(const Figure& about) {
  Markup content = element("strong", about.title);
  if (!about.explanation.empty()) content += text(" ") + span("explanation", about.explanation);
  return element("figcaption", content + about.legend);
}

}  // namespace

std::string place(double value) {
  constexpr double kFar = 1e4;
  if (std::isnan(value)) return "0";
  std::string written = fmt::format("{:.1f}", std::clamp(value, -kFar, kFar));
  if (written.ends_with(".0")) written.resize(written.size() - 2);
  return written;
}

Markup svg_line(double x1, double y1, double x2, double y2, std::string_view css_class) {
  return element(
      "line",
      {{"class", css_class}, {"x1", place(x1)}, {"y1", place(y1)}, {"x2", place(x2)}, {"y2", place(y2)}});
}

Markup svg_rect(double x, double y, double width, double height, std::string_view css_class,
                std::string_view tooltip) {
  return element("rect",
                 {{"class", css_class},
                  {"x", place(x)},
                  {"y", place(y)},
                  {"width", place(std::max(width, 0.0))},
                  {"height", place(std::max(height, 0.0))}},
                 tip(tooltip));
}

Markup svg_cell(double x, double y, double size, std::string_view css_class, double strength,
                std::string_view tooltip) {
  return element(
      "rect",
      {{"class", css_class},
       {"x", place(x)},
       {"y", place(y)},
       {"width", place(size)},
       {"height", place(size)},
       {"fill-opacity", fmt::format("{:.2f}", std::isfinite(strength) ? std::clamp(strength, 0.0, 1.0) : 0)}},
      tip(tooltip));
}

Markup svg_circle(double x, double y, double radius, std::string_view css_class, std::string_view tooltip) {
  return element("circle", {{"class", css_class}, {"cx", place(x)}, {"cy", place(y)}, {"r", place(radius)}},
                 tip(tooltip));
}

Markup svg_text(double x, double y, std::string_view content, std::string_view anchor,
                std::string_view css_class) {
  return element("text", {{"class", css_class}, {"x", place(x)}, {"y", place(y)}, {"text-anchor", anchor}},
                 text(content));
}

Markup svg_polyline(const std::vector<std::pair<double, double>>& points, std::string_view css_class,
                    std::string_view tooltip) {
  std::string path;
  bool drawing = false;
  for (const auto& [x, y] : points) {
    const bool finite = std::isfinite(x) && std::isfinite(y);
    if (finite) path += (drawing ? "L" : "M") + place(x) + ' ' + place(y);
    drawing = finite;
  }
  return element("path", {{"class", css_class}, {"d", path}}, tip(tooltip));
}

Markup figure(const Figure& about, double width, double height, const Markup& shapes) {
  return figure(about, element("svg",
                               {{"role", "img"},
                                {"aria-label", about.description.empty() ? about.title : about.description},
                                {"viewBox", "0 0 " + place(width) + ' ' + place(height)}},
                               shapes));
}

Markup figure(const Figure& about, const Markup& content) {
  return element("figure", {{"class", "chart " + about.name}}, caption(about) + content);
}

Markup legend(const std::vector<std::pair<std::string, std::string>>& class_and_meaning) {
  Markup items;
  for (const auto& [css_class, meaning] : class_and_meaning)
    items += element("span", element("i", {{"class", css_class}}) + text(meaning));
  return div("legend", items);
}

}  // namespace incipit
