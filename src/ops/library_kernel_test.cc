// The library's kernels serve processors that have more than our own use; here they are held against ours
// wherever the library can run them at all.
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "ops/linear.h"
#include "ops/linear_kernel.h"
#include "ops/packed_matmul.h"
#include "ops/test_support.h"

namespace incipit {
namespace {

constexpr std::int64_t kIn = 200, kOut = 70, kRows = 33;

void expect_same_products(const LinearKernel& library, const LinearKernel& panels) {
  for (const bool accumulate : {false, true}) {
    const std::vector<float> x = test::random_values(padded_rows(kRows) * kIn, 3);
    std::vector<float> y = test::random_values(padded_rows(kRows) * kOut, 4), want_y = y;
    library.forward(x.data(), kRows, y.data(), accumulate);
    panels.forward(x.data(), kRows, want_y.data(), accumulate);
    for (std::int64_t i = 0; i < kRows * kOut; ++i)
      ASSERT_NEAR(y[static_cast<std::size_t>(i)], want_y[static_cast<std::size_t>(i)], 1e-4) << i;

    const std::vector<float> dy = test::random_values(padded_rows(kRows) * kOut, 5);
    std::vector<float> dx = test::random_values(padded_rows(kRows) * kIn, 6), want_dx = dx;
    library.backward_input(dy.data(), kRows, dx.data(), accumulate);
    panels.backward_input(dy.data(), kRows, want_dx.data(), accumulate);
    for (std::int64_t i = 0; i < kRows * kIn; ++i)
      ASSERT_NEAR(dx[static_cast<std::size_t>(i)], want_dx[static_cast<std::size_t>(i)], 1e-4) << i;
  }
}

class LibraryKernel : public ::testing::Test {
 protected:
  std::vector<float> weight = test::random_values(kOut * kIn, 1), bias = test::random_values(kOut, 2);
  ConstMatrixView view{weight.data(), kOut, kIn, kIn};
};

TEST_F(LibraryKernel, Bf16GivesWhatPanelsDo) {
  if (!is_library_faster(MatmulType::bf16) && !has_units_for(PanelType::bf16))
    GTEST_SKIP() << "this processor has no bf16 units";
  expect_same_products(*library_bf16_kernel(view, bias), *panel_kernel(PanelType::bf16, view, bias));
}

TEST_F(LibraryKernel, Int8GivesWhatPanelsDo) {
  if (!is_library_faster(MatmulType::u8s8) && !has_units_for(PanelType::int8))
    GTEST_SKIP() << "this processor has no units for products of bytes";
  expect_same_products(*library_int8_kernel(view, bias), *panel_int8_kernel(view, bias));
}

}  // namespace
}  // namespace incipit
