#include "tensor/transpose.h"

#include <cstdint>

#include <gtest/gtest.h>

namespace incipit {
namespace {

struct Shape {
  std::int64_t rows, cols;
};

/// Element i is i, so that every one is another.
Matrix counted(std::int64_t rows, std::int64_t cols) {
  Matrix matrix(rows, cols);
  for (std::int64_t i = 0; i < matrix.size(); ++i) matrix.data()[i] = static_cast<float>(i);
  return matrix;
}

TEST(Transpose, SwapsRowsAndColumns) {
  // Whole tiles, parts of them, and enough for several threads.
  constexpr Shape kShapes[] = {{1, 1}, {1, 7}, {7, 1}, {16, 32}, {17, 33}, {600, 500}};
  for (const auto& [rows, cols] : kShapes) {
    const Matrix source = counted(rows, cols);
    const Matrix result = transposed(source);
    ASSERT_EQ(result.rows(), cols);
    ASSERT_EQ(result.cols(), rows);
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t c = 0; c < cols; ++c) ASSERT_EQ(result.row(c)[r], source.row(r)[c]) << r << ", " << c;
  }
}

TEST(Transpose, NothingStaysNothing) {
  constexpr Shape kShapes[] = {{0, 3}, {3, 0}, {0, 0}};
  for (const auto& [rows, cols] : kShapes) {
    const Matrix result = transposed(Matrix(rows, cols));
    EXPECT_EQ(result.rows(), cols);
    EXPECT_EQ(result.cols(), rows);
  }
}

}  // namespace
}  // namespace incipit
