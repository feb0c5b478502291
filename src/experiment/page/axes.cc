#include "experiment/page/axes.h"

#include "experiment/page/svg.h"

namespace incipit {

Axes::Axes(const Range& x, const Range& y, double height, bool whole_x)
    : height_(height), whole_x_(whole_x), x_(x, kLeft, kWidth - kRight), y_(y, height - kBottom, kTop) {}

Markup Axes::drawn(const Titles& titles) const {
  Markup out;
  const std::vector<double> ys = ticks(y_.values(), 5);
  for (const double value : ys) {
    out += svg_line(kLeft, y(value), right(), y(value), "grid");
    out += svg_text(kLeft - 6, y(value) + 4, tick_label(value, ys), "end");
  }
  const std::vector<double> xs = ticks(x_.values(), 6, whole_x_ ? 1 : 0);
  for (const double value : xs) {
    out += svg_line(x(value), bottom(), x(value), bottom() + 4, "axis");
    out += svg_text(x(value), bottom() + 17, tick_label(value, xs), "middle");
  }
  out += svg_line(kLeft, bottom(), right(), bottom(), "axis");
  out += svg_text(right(), height_ - 4, titles.x, "end", "axis-title");
  return out + svg_text(2, 11, titles.y, "start", "axis-title");
}

}  // namespace incipit
