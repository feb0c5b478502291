#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "experiment/page/html.h"
#include "experiment/page/scale.h"

namespace incipit {

// Shapes of a chart; looks come from page.css by class. A tooltip may be empty.

/// A place in a drawing, with one decimal; what is not finite or far outside is held at the edge.
std::string place(double value);

Markup svg_line(double x1, double y1, double x2, double y2, std::string_view css_class);
Markup svg_rect(double x, double y, double width, double height, std::string_view css_class,
                std::string_view tooltip = {});
/// Filled as strongly as `strength`, 0 to 1, says.
Markup svg_cell(double x, double y, double size, std::string_view css_class, double strength,
                std::string_view tooltip);
Markup svg_circle(double x, double y, double radius, std::string_view css_class,
                  std::string_view tooltip = {});
/// `anchor`: start, middle or end.
Markup svg_text(double x, double y, std::string_view content, std::string_view anchor,
                std::string_view css_class = "tick");
/// Through the points; where one is not finite the line is broken.
Markup svg_polyline(const std::vector<std::pair<double, double>>& points, std::string_view css_class,
                    std::string_view tooltip = {});

/// A chart: title and explanation over a drawing that fills the width it is given. `name` is its class, and
/// what it shows is `description`, for those who cannot see it.
struct Figure {
  std::string name, title, explanation, description;
  Markup legend;
};
/// `width` and `height`: the drawing's own units, which the shapes use.
Markup figure(const Figure& about, double width, double height, const Markup& shapes);
/// Around anything else, such as a table.
Markup figure(const Figure& about, const Markup& content);

/// Swatches and their meanings; the classes are those of the shapes.
Markup legend(const std::vector<std::pair<std::string, std::string>>& class_and_meaning);

}  // namespace incipit
