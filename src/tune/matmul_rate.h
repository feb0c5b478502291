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

/// The plain matmuls of these shapes, weights packed, 1,024 rows at once: what nothing that multiplies can be
/// faster than. A busy machine slows it as everything else, so it is measured again beside each thing it is
/// the roof of.
class MatmulRoof {
 public:
  MatmulRoof(const std::vector<MatmulCost>& matmuls, Precision precision);
  ~MatmulRoof();
  MatmulRoof(const MatmulRoof&) = delete;

  /// The best of three rounds, in the order of the shapes.
  std::vector<MatmulRate> measure();

 private:
  struct Trial;
  std::vector<Trial> trials_;
};

/// Seconds that the matmuls take at these rates, which are of the same shapes.
double seconds_at(const std::vector<MatmulCost>& matmuls, const std::vector<MatmulRate>& rates);

}  // namespace incipit
