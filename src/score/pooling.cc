#include "score/pooling.h"

namespace incipit {

void pool_rows(ConstMatrixView rows, std::span<const RowRange> ranges, Matrix& vectors) {
  vectors.resize(static_cast<std::int64_t>(ranges.size()), rows.cols);
  vectors.fill(0.0f);
  for (std::size_t e = 0; e < ranges.size(); ++e) {
    float* vector = vectors.row(static_cast<std::int64_t>(e));
    const float share = 1.0f / static_cast<float>(ranges[e].count);
    for (std::int64_t i = ranges[e].first; i < ranges[e].first + ranges[e].count; ++i)
      for (std::int64_t j = 0; j < rows.cols; ++j) vector[j] += share * rows.row(i)[j];
  }
}

void pool_rows_backward(ConstMatrixView d_vectors, std::span<const RowRange> ranges, MatrixView d_rows) {
  for (std::size_t e = 0; e < ranges.size(); ++e) {
    const float* vector = d_vectors.row(static_cast<std::int64_t>(e));
    const float share = 1.0f / static_cast<float>(ranges[e].count);
    for (std::int64_t i = ranges[e].first; i < ranges[e].first + ranges[e].count; ++i)
      for (std::int64_t j = 0; j < d_vectors.cols; ++j) d_rows.row(i)[j] = share * vector[j];
  }
}

}  // namespace incipit
