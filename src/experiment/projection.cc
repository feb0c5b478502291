#include "experiment/projection.h"

#include <algorithm>
#include <cmath>

#include "base/rng.h"

namespace incipit {
namespace {

using Values = std::vector<double>;

/// Points about their mean; components are taken away from them one by one.
struct Cloud {
  std::int64_t points = 0, dimensions = 0;
  Values values;  // [points, dimensions]

  explicit Cloud(ConstMatrixView from) : points(from.rows), dimensions(from.cols) {
    Values mean(static_cast<std::size_t>(dimensions));
    for (std::int64_t i = 0; i < points; ++i)
      for (std::int64_t j = 0; j < dimensions; ++j)
        mean[static_cast<std::size_t>(j)] +=
            static_cast<double>(from.row(i)[j]) / static_cast<double>(points);
    values.reserve(static_cast<std::size_t>(points * dimensions));
    for (std::int64_t i = 0; i < points; ++i)
      for (std::int64_t j = 0; j < dimensions; ++j)
        values.push_back(static_cast<double>(from.row(i)[j]) - mean[static_cast<std::size_t>(j)]);
  }

  /// [points] their coordinates along a direction.
  Values along(const Values& direction) const {
    Values result(static_cast<std::size_t>(points));
    for (std::size_t i = 0; i < result.size(); ++i)
      for (std::size_t j = 0; j < direction.size(); ++j)
        result[i] += values[i * direction.size() + j] * direction[j];
    return result;
  }
  /// [dimensions] the sum of the points, each by its weight.
  Values sum(const Values& weights) const {
    Values result(static_cast<std::size_t>(dimensions));
    for (std::size_t i = 0; i < weights.size(); ++i)
      for (std::size_t j = 0; j < result.size(); ++j) result[j] += weights[i] * values[i * result.size() + j];
    return result;
  }
  void remove(const Values& direction, const Values& coordinates) {
    for (std::size_t i = 0; i < coordinates.size(); ++i)
      for (std::size_t j = 0; j < direction.size(); ++j)
        values[i * direction.size() + j] -= coordinates[i] * direction[j];
  }
};

double squared(const Values& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return sum;
}

/// Whether there was a direction to normalise.
bool normalise(Values& direction) {
  const double length = std::sqrt(squared(direction));
  if (!(length > 0)) return false;
  for (double& value : direction) value /= length;
  return true;
}

/// The direction of the greatest variance; zero where no variance is left.
Values first_component(const Cloud& cloud, double all_variance) {
  constexpr int kMostRounds = 500;
  constexpr double kStill = 1e-12;    // squared change of the direction in a round
  constexpr double kNothing = 1e-18;  // share of the variance that is rounding
  Values direction(static_cast<std::size_t>(cloud.dimensions));
  if (squared(cloud.values) <= kNothing * all_variance) return direction;
  Rng rng(1);
  for (double& value : direction) value = rng.normal();
  normalise(direction);
  for (int round = 0; round < kMostRounds; ++round) {
    Values next = cloud.sum(cloud.along(direction));
    if (!normalise(next)) break;
    double change = 0;
    for (std::size_t j = 0; j < next.size(); ++j)
      change += (next[j] - direction[j]) * (next[j] - direction[j]);
    direction = std::move(next);
    if (change < kStill) break;
  }
  const auto largest = std::max_element(direction.begin(), direction.end(),
                                        [](double a, double b) { return std::abs(a) < std::abs(b); });
  if (*largest < 0)
    for (double& value : direction) value = -value;
  return direction;
}

}  // namespace

Projection project(ConstMatrixView points) {
  Projection projection;
  projection.points.resize(static_cast<std::size_t>(points.rows));
  Cloud cloud(points);
  const double variance = squared(cloud.values);
  for (std::size_t component = 0; component < 2 && variance > 0; ++component) {
    const Values direction = first_component(cloud, variance);
    const Values coordinates = cloud.along(direction);
    for (std::size_t i = 0; i < coordinates.size(); ++i) projection.points[i][component] = coordinates[i];
    projection.explained += squared(coordinates) / variance;
    cloud.remove(direction, coordinates);
  }
  return projection;
}

}  // namespace incipit
