#pragma once

#include <cstdint>
#include <span>

#include "tensor/matrix.h"

namespace incipit {

/// Rows that an example's score is read from.
struct RowRange {
  std::int64_t first = 0;
  std::int64_t count = 0;
};

/// One vector an example: the mean of its rows. vectors becomes [ranges.size(), hidden].
void pool_rows(ConstMatrixView rows, std::span<const RowRange> ranges, Matrix& vectors);

/// Its gradient: sets the rows of d_rows that the ranges name. d_vectors: [ranges.size(), hidden].
void pool_rows_backward(ConstMatrixView d_vectors, std::span<const RowRange> ranges, MatrixView d_rows);

}  // namespace incipit
