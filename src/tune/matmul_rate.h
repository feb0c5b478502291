#pragma once

#include <cstdint>
#include <vector>

#include "incipit/precision.h"

#include "tune/step_cost.h"

namespace incipit {

/// How fast this machine multiplies rows by a weight, both ways, in FLOP a second.
struct MatmulRate {
  std::int64_t in = 0, out = 0;
  double forward = 0, backward = 0;
};

/// Of the plain matmuls of these shapes, weights packed, `rows` at once: the best of `rounds`, in turns.
std::vector<MatmulRate> measure_rates(const std::vector<MatmulCost>& matmuls, Precision precision,
                                      std::int64_t rows, int rounds);

/// Seconds that the matmuls take at these rates, which are of the same shapes.
double seconds_at(const std::vector<MatmulCost>& matmuls, const std::vector<MatmulRate>& rates);

}  // namespace incipit
