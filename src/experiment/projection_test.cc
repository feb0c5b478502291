#include "experiment/projection.h"

#include <cmath>

#include <gtest/gtest.h>

#include "base/rng.h"

namespace incipit {
namespace {

constexpr std::int64_t kPoints = 40, kDimensions = 12;

/// mean + a u + b v for known coordinates and orthogonal unit vectors u and v.
struct Plane {
  std::vector<std::array<double, 2>> at;
  Matrix points{kPoints, kDimensions};

  Plane(double first_spread, double second_spread) {
    Rng rng(2);
    std::array<double, 2> mean{};
    for (std::int64_t i = 0; i < kPoints; ++i)
      at.push_back({first_spread * rng.normal(), second_spread * rng.normal()});
    for (const auto& point : at)
      for (std::size_t c = 0; c < 2; ++c) mean[c] += point[c] / kPoints;
    double both = 0, first = 0;
    for (auto& point : at) {
      for (std::size_t c = 0; c < 2; ++c) point[c] -= mean[c];
      both += point[0] * point[1];
      first += point[0] * point[0];
    }
    for (auto& point : at) point[1] -= both / first * point[0];  // not correlated
    for (std::int64_t i = 0; i < kPoints; ++i)
      for (std::int64_t j = 0; j < kDimensions; ++j) {
        const double u = j % 2 == 0 ? std::sqrt(1.0 / 6) : 0;
        const double v = j % 2 == 1 ? -std::sqrt(1.0 / 6) : 0;
        const auto& [a, b] = at[static_cast<std::size_t>(i)];
        points.row(i)[j] = static_cast<float>(3.0 + a * u + b * v);
      }
  }
};

TEST(Projection, FindsThePlaneThatThePointsLieIn) {
  const Plane plane(5, 2);
  const Projection projection = project(plane.points.view());
  EXPECT_NEAR(projection.explained, 1, 1e-9);
  ASSERT_EQ(projection.points.size(), plane.at.size());
  for (std::size_t i = 0; i < plane.at.size(); ++i) {
    EXPECT_NEAR(projection.points[i][0], plane.at[i][0], 1e-4);
    EXPECT_NEAR(projection.points[i][1], -plane.at[i][1], 1e-4) << "the largest coordinate is positive";
  }
}

TEST(Projection, SaysHowMuchItShows) {
  // Four axes of known variance, far from each other.
  constexpr double kSpread[] = {4, 3, 2, 1};
  Matrix points(8, 4);
  for (std::int64_t axis = 0; axis < 4; ++axis) {
    points.row(2 * axis)[axis] = static_cast<float>(kSpread[axis]);
    points.row(2 * axis + 1)[axis] = static_cast<float>(-kSpread[axis]);
  }
  const Projection projection = project(std::as_const(points).view());
  EXPECT_NEAR(projection.explained, (16.0 + 9) / (16 + 9 + 4 + 1), 1e-9);
  EXPECT_NEAR(projection.points[0][0], 4, 1e-5);
  EXPECT_NEAR(projection.points[2][1], 3, 1e-5);
  EXPECT_NEAR(projection.points[4][0], 0, 1e-5);
}

TEST(Projection, ALineOrAPointIsNoPlane) {
  const Projection line = project(Plane(5, 0).points.view());
  EXPECT_NEAR(line.explained, 1, 1e-6);
  for (const auto& point : line.points) EXPECT_NEAR(point[1], 0, 1e-4);
  Matrix same(3, 4);
  same.fill(2.5f);
  const Projection still = project(std::as_const(same).view());
  EXPECT_EQ(still.explained, 0);
  for (const auto& point : still.points) EXPECT_EQ(point, (std::array<double, 2>{0, 0}));
}

}  // namespace
}  // namespace incipit
