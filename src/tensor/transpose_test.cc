#include "tensor/transpose.h"

#include <cstdint>

#include <gtest/gtest.h>

namespace incipit {
namespace {

/// Numbers that are all different.
Matrix counting(std::int64_t rows, std::int64_t cols) {
  Matrix matrix(rows, cols);
  float next = 0;
  for (float& value : matrix.values()) value = ++next;
  return matrix;
}

/// Below, at and above a tile's width, and large enough for several threads.
TEST(Transpose, RowsBecomeColumns) {
  for (const std::int64_t rows : {1, 3, 16, 700})
    for (const std::int64_t cols : {1, 15, 16, 17, 650}) {
      const Matrix source = counting(rows, cols);
      const Matrix result = transposed(source);
      ASSERT_EQ(result.rows(), cols);
      ASSERT_EQ(result.cols(), rows);
      for (std::int64_t r = 0; r < rows; ++r)
        for (std::int64_t c = 0; c < cols; ++c)
          ASSERT_EQ(result.row(c)[r], source.row(r)[c]) << rows << " x " << cols << ": " << r << ", " << c;
    }
}

TEST(Transpose, OfNothingIsNothing) {
  EXPECT_EQ(transposed(Matrix(0, 20)).rows(), 20);
  EXPECT_EQ(transposed(Matrix(20, 0)).cols(), 20);
}

}  // namespace
}  // namespace incipit
