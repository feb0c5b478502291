#include "experiment/page/svg.h"

#include <limits>

#include <gtest/gtest.h>

#include "experiment/page/line_chart.h"

namespace incipit {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(Svg, PlacesAreShortAndFinite) {
  EXPECT_EQ(place(12.34), "12.3");
  EXPECT_EQ(place(12.04), "12");
  EXPECT_EQ(place(kNaN), "0");
  EXPECT_EQ(place(std::numeric_limits<double>::infinity()), "10000");
}

TEST(Svg, ALineBreaksWhereAValueIsMissing) {
  EXPECT_EQ(svg_polyline({{0, 1}, {1, 2}, {2, kNaN}, {3, 4}, {4, 5}}, "line").html(),
            "<path class=\"line\" d=\"M0 1L1 2M3 4L4 5\"></path>");
}

TEST(Svg, AChartWithoutValuesIsNotDrawn) {
  LineChart chart;
  EXPECT_TRUE(line_chart(chart).empty());
  chart.lines.push_back({{{0, kNaN}}, "color-a", ""});
  EXPECT_TRUE(line_chart(chart).empty());
  chart.lines.push_back({{{0, 1}}, "color-a", ""});
  EXPECT_FALSE(line_chart(chart).empty());
}

}  // namespace
}  // namespace incipit
