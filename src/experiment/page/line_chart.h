#pragma once

#include <string>
#include <utility>
#include <vector>

#include "experiment/page/axes.h"
#include "experiment/page/svg.h"

namespace incipit {

struct Line {
  std::vector<std::pair<double, double>> points;
  std::string css_class;  // such as "line-a bold"
  std::string tooltip;
  bool dots = false;              // a mark at each point
  std::size_t ringed = SIZE_MAX;  // a ring around this point
};

struct LineChart {
  Figure about;
  Axes::Titles axes;
  bool whole_x = false;
  std::vector<Line> lines;  // later ones over earlier ones
};

/// Empty where no line has a finite point.
Markup line_chart(const LineChart& chart);

}  // namespace incipit
