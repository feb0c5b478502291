#pragma once

#include <array>
#include <vector>

#include "tensor/matrix.h"

namespace incipit {

struct Projection {
  std::vector<std::array<double, 2>> points;
  double explained = 0;  // share of the points' variance that the two components hold
};

/// The rows of `points` [points, dimensions] on their first two principal components, found by power
/// iteration. A component's sign makes its largest coordinate positive, so that the picture does not flip.
Projection project(ConstMatrixView points);

}  // namespace incipit
