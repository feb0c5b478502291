#include "ops/multiply.h"

#include <vector>

#include <gtest/gtest.h>

#include "ops/reference.h"
#include "ops/test_support.h"

namespace incipit {
namespace {

using test::kEpsilon;

constexpr float kGap = 12345.0f;  // between the rows of C: must survive

/// A's strides put its element (i, p) at i * a_row + p * a_col of `a`.
struct Case {
  std::int64_t rows, cols, depth;
  bool transposed, accumulate;
};

void expect_product(const Case& c) {
  SCOPED_TRACE(testing::Message() << c.rows << " x " << c.cols << " x " << c.depth
                                  << (c.transposed ? ", transposed" : "")
                                  << (c.accumulate ? ", accumulated" : ""));
  const std::int64_t a_row = c.transposed ? 1 : c.depth + 2, a_col = c.transposed ? c.rows + 2 : 1;
  const std::int64_t b_stride = c.cols + 3, c_stride = c.cols + 1;
  const std::int64_t a_size = (c.rows - 1) * a_row + (c.depth - 1) * a_col + 1;
  const std::vector<float> a = test::random_values(a_size, 1);
  const std::vector<float> b = test::random_values((c.depth - 1) * b_stride + c.cols, 2);
  std::vector<float> result(static_cast<std::size_t>((c.rows - 1) * c_stride + c.cols), kGap);
  reference::Values plain_a, plain_b, want, got_gap;
  for (std::int64_t i = 0; i < c.rows; ++i)
    for (std::int64_t p = 0; p < c.depth; ++p)
      plain_a.push_back(static_cast<double>(a[static_cast<std::size_t>(i * a_row + p * a_col)]));
  for (std::int64_t p = 0; p < c.depth; ++p)
    for (std::int64_t j = 0; j < c.cols; ++j)
      plain_b.push_back(static_cast<double>(b[static_cast<std::size_t>(p * b_stride + j)]));
  const reference::Values product = reference::product(c.rows, c.cols, c.depth, plain_a, plain_b);
  for (std::int64_t i = 0; i < c.rows; ++i)
    for (std::int64_t j = 0; j < c_stride && i * c_stride + j < static_cast<std::int64_t>(result.size());
         ++j) {
      float& cell = result[static_cast<std::size_t>(i * c_stride + j)];
      if (j < c.cols && c.accumulate) cell = static_cast<float>(i - j);
      const double before = c.accumulate ? static_cast<double>(i - j) : 0.0;
      want.push_back(j < c.cols ? before + product[static_cast<std::size_t>(i * c.cols + j)]
                                : static_cast<double>(kGap));
    }
  multiply(c.rows, c.cols, c.depth, a.data(), a_row, a_col, b.data(), b_stride, result.data(), c_stride,
           c.accumulate);
  const double before = c.accumulate ? static_cast<double>(std::max(c.rows, c.cols)) : 0.0;
  const double norms =
      (test::norm(plain_a) / std::sqrt(static_cast<double>(c.rows))) *
      (test::norm(plain_b) / std::sqrt(static_cast<double>(c.cols)));  // of a row and a column
  EXPECT_TRUE(test::near(result, want, kEpsilon * (before + 8 + 8 * norms)));
}

TEST(Multiply, MatchesReference) {
  test::for_each_instruction_set([] {
    for (std::int64_t size = 1; size <= 70; ++size)
      for (const bool flag : {false, true}) {
        expect_product({7, size, 5, flag, flag});
        expect_product({size, 19, 3, flag, !flag});
        expect_product({5, 33, size, flag, flag});
      }
    for (const std::int64_t rows : {1, 3, 31, 33, 100, 333})
      expect_product({rows, 67, 34, rows % 2 == 0, false});
    expect_product({48, 384, 64, false, false});
    expect_product({100, 64, 1024, true, true});
  });
}

TEST(Multiply, NoDepthIsZeroOrUnchanged) {
  std::vector<float> c(6, 7.0f);
  const float none = 0;
  multiply(2, 3, 0, &none, 1, 1, &none, 3, c.data(), 3, true);
  EXPECT_EQ(c, std::vector<float>(6, 7.0f));
  multiply(2, 3, 0, &none, 1, 1, &none, 3, c.data(), 3, false);
  EXPECT_EQ(c, std::vector<float>(6, 0.0f));
}

}  // namespace
}  // namespace incipit
