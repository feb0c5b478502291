#include "ops/layer_norm.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "ops/reference.h"
#include "ops/test_support.h"

namespace incipit {
namespace {

using reference::Values;
using test::kEpsilon;

LayerNorm make_norm(std::int64_t width, float epsilon) {
  LayerNorm norm{test::random_values(width, 11), test::random_values(width, 12), epsilon};
  for (float& value : norm.weight) value = 1.0f + 0.5f * value;
  return norm;
}

Values row_of(const std::vector<float>& values, std::int64_t row, std::int64_t width) {
  return test::to_double(
      std::span(values).subspan(static_cast<std::size_t>(row * width), static_cast<std::size_t>(width)));
}

double largest(const std::vector<float>& values) {
  double result = 0;
  for (const float value : values) result = std::max(result, std::abs(static_cast<double>(value)));
  return result;
}

struct Outputs {
  std::vector<float> y, normalised, inverse_deviation;
};

Outputs run(const LayerNorm& norm, const std::vector<float>& x, const float* residual, std::int64_t rows) {
  Outputs out{std::vector<float>(x.size()), std::vector<float>(x.size()),
              std::vector<float>(static_cast<std::size_t>(rows))};
  layer_norm(norm, x.data(), residual, rows, out.y.data(), out.normalised.data(),
             out.inverse_deviation.data());
  return out;
}

/// The offset makes a one-pass variance fail.
void expect_forward(std::int64_t rows, std::int64_t width, float offset) {
  SCOPED_TRACE(testing::Message() << rows << " rows of " << width << " around " << offset);
  const LayerNorm norm = make_norm(width, 1e-5f);
  std::vector<float> x = test::random_values(rows * width, 1);
  for (float& value : x) value += offset;
  const std::vector<float> residual = test::random_values(rows * width, 2);
  const Outputs out = run(norm, x, residual.data(), rows);
  for (std::int64_t i = 0; i < rows; ++i) {
    Values sum = row_of(x, i, width);
    for (std::size_t j = 0; j < sum.size(); ++j)
      sum[j] += static_cast<double>(residual[static_cast<std::size_t>(i * width) + j]);
    const Values want =
        reference::layer_norm(sum, test::to_double(norm.weight), test::to_double(norm.bias), 1e-5);
    // x + residual is rounded to f32, and that error is divided by the deviation.
    const auto inverse = static_cast<double>(out.inverse_deviation[static_cast<std::size_t>(i)]);
    const double spread = std::sqrt(static_cast<double>(width)) + 2 * (std::abs(offset) + 4) * inverse;
    const std::span<const float> got =
        std::span(out.y).subspan(static_cast<std::size_t>(i * width), want.size());
    ASSERT_TRUE(test::near(got, want, 4 * kEpsilon * spread * largest(norm.weight))) << "row " << i;
  }
}

TEST(LayerNorm, ForwardMatchesReference) {
  test::for_each_instruction_set([] {
    for (std::int64_t width = 1; width <= 70; ++width) expect_forward(3, width, 0);
    for (const std::int64_t rows : {1, 3, 31, 33, 100, 333, 1025}) expect_forward(rows, 67, 0);
    expect_forward(33, 384, 0);
    expect_forward(33, 1024, 0);
    expect_forward(3, 1024, 100);
  });
}

TEST(LayerNorm, ResidualAndOutputsAreOptional) {
  for (const std::int64_t width : {7, 64, 70}) {
    const LayerNorm norm = make_norm(width, 1e-12f);
    const std::vector<float> x = test::random_values(33 * width, 1), zero(x.size());
    const Outputs full = run(norm, x, zero.data(), 33);
    EXPECT_EQ(full.y, run(norm, x, nullptr, 33).y);
    std::vector<float> y(x.size()), in_place = x;
    layer_norm(norm, x.data(), nullptr, 33, y.data(), nullptr, nullptr);
    EXPECT_EQ(full.y, y);
    layer_norm(norm, in_place.data(), zero.data(), 33, in_place.data(), nullptr, nullptr);
    EXPECT_EQ(full.y, in_place);
    Outputs kept{x, std::vector<float>(x.size()), std::vector<float>(33)};
    layer_norm(norm, kept.y.data(), nullptr, 33, kept.y.data(), kept.normalised.data(),
               kept.inverse_deviation.data());
    EXPECT_EQ(full.y, kept.y);
    EXPECT_EQ(full.normalised, kept.normalised);
    EXPECT_EQ(full.inverse_deviation, kept.inverse_deviation);
  }
}

void expect_backward(std::int64_t rows, std::int64_t width) {
  SCOPED_TRACE(testing::Message() << rows << " rows of " << width);
  const LayerNorm norm = make_norm(width, 1e-5f);
  const std::vector<float> x = test::random_values(rows * width, 1),
                           dy = test::random_values(rows * width, 3);
  const Outputs out = run(norm, x, nullptr, rows);
  std::vector<float> dx(x.size()), in_place = dy;
  layer_norm_backward(norm, dy.data(), out.normalised.data(), out.inverse_deviation.data(), rows, dx.data());
  layer_norm_backward(norm, in_place.data(), out.normalised.data(), out.inverse_deviation.data(), rows,
                      in_place.data());
  EXPECT_EQ(dx, in_place);
  const Values weight = test::to_double(norm.weight), bias = test::to_double(norm.bias);
  for (std::int64_t i = 0; i < rows; ++i) {
    const Values gradient = row_of(dy, i, width);
    const Values want = reference::finite_differences(row_of(x, i, width), 1e-5, [&](const Values& values) {
      const Values y = reference::layer_norm(values, weight, bias, 1e-5);
      double loss = 0;
      for (std::size_t j = 0; j < y.size(); ++j) loss += y[j] * gradient[j];
      return loss;
    });
    const auto inverse = static_cast<double>(out.inverse_deviation[static_cast<std::size_t>(i)]);
    const double tolerance = 8 * kEpsilon * inverse * largest(norm.weight) * test::norm(gradient);
    // The differences' own error: the third derivative grows with the inverse deviation's cube.
    const double differences = 1e-9 * (1 + std::pow(inverse, 3)) * (1 + test::norm(gradient));
    const std::span<const float> got =
        std::span(dx).subspan(static_cast<std::size_t>(i * width), want.size());
    ASSERT_TRUE(test::near(got, want, tolerance + differences)) << "row " << i;
  }
}

TEST(LayerNorm, BackwardMatchesDifferences) {
  test::for_each_instruction_set([] {
    for (std::int64_t width = 2; width <= 70; ++width) expect_backward(3, width);
    for (const std::int64_t rows : {1, 31, 33, 100, 333, 1025}) expect_backward(rows, 13);
    expect_backward(1, 384);
    expect_backward(1, 1024);
  });
}

TEST(LayerNorm, KeptInBf16) {
  test::for_each_instruction_set([] {
    for (const std::int64_t width : {2, 7, 16, 70, 384}) {
      constexpr std::int64_t kRows = 33;
      const LayerNorm norm = make_norm(width, 1e-5f);
      const std::vector<float> x = test::random_values(kRows * width, 1),
                               dy = test::random_values(kRows * width, 3);
      const Outputs exact = run(norm, x, nullptr, kRows);
      const test::Bf16 rounded(exact.normalised);
      std::vector<float> y(x.size()), inverse(kRows), dx(x.size()), want = dx;
      std::vector<std::uint16_t> halves(x.size());
      layer_norm(norm, x.data(), nullptr, kRows, y.data(), {nullptr, halves.data()}, inverse.data());
      EXPECT_EQ(y, exact.y);
      EXPECT_EQ(inverse, exact.inverse_deviation);
      EXPECT_EQ(halves, rounded.halves);
      layer_norm_backward(norm, dy.data(), {nullptr, halves.data()}, inverse.data(), kRows, dx.data());
      layer_norm_backward(norm, dy.data(), rounded.values.data(), inverse.data(), kRows, want.data());
      EXPECT_EQ(dx, want);
    }
  });
}

TEST(LayerNorm, OneValueHasNoGradient) {
  const LayerNorm norm{{2.0f}, {0.5f}, 1e-5f};
  const std::vector<float> x = {3, -4};
  const Outputs out = run(norm, x, nullptr, 2);
  EXPECT_EQ(out.y, (std::vector<float>{0.5f, 0.5f}));
  std::vector<float> dx = {1, 1};
  layer_norm_backward(norm, dx.data(), out.normalised.data(), out.inverse_deviation.data(), 2, dx.data());
  EXPECT_EQ(dx, (std::vector<float>{0, 0}));
}

TEST(LayerNorm, Deterministic) {
  const LayerNorm norm = make_norm(384, 1e-5f);
  const std::vector<float> x = test::random_values(333 * 384, 1), dy = test::random_values(333 * 384, 3);
  test::expect_deterministic([&] {
    Outputs out = run(norm, x, nullptr, 333);
    std::vector<float> dx(x.size());
    layer_norm_backward(norm, dy.data(), out.normalised.data(), out.inverse_deviation.data(), 333, dx.data());
    out.y.insert(out.y.end(), dx.begin(), dx.end());
    return out.y;
  });
}

}  // namespace
}  // namespace incipit
