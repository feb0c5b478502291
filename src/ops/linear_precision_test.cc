#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "ops/linear.h"
#include "ops/reference.h"
#include "ops/test_support.h"

namespace incipit {
namespace {

using reference::Values;
using test::kEpsilon;

constexpr double kBf16Unit = 0x1p-8;  // the most that rounding changes a number, relative to it
constexpr Precision kNarrow[] = {Precision::bf16, Precision::int8};

float nearest_bf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return std::bit_cast<float>((bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff0000u);
}

/// Numbers as a precision has them, and, of 8-bit ones, the distance between two.
struct Rounded {
  std::vector<float> values;
  std::vector<float> steps;  // [rows]; 0: bf16's, which are relative
};

Rounded rounded_to_bf16(std::vector<float> values, std::int64_t rows) {
  for (float& value : values) value = nearest_bf16(value);
  return {values, std::vector<float>(static_cast<std::size_t>(rows))};
}

/// `low` and `high` are the 8-bit value's limits: a zero is added where low is 0.
Rounded rounded_to_int8(std::vector<float> values, std::int64_t rows, float low, float high) {
  Rounded result;
  const auto width = static_cast<std::size_t>(std::ssize(values) / rows);
  for (std::size_t begin = 0; begin < values.size(); begin += width) {
    float least = 0, most = 0;
    for (std::size_t i = begin; i < begin + width; ++i) {
      least = std::min(least, values[i]);
      most = std::max(most, values[i]);
    }
    const float step = low < 0 ? std::max(-least, most) / high : (most - least) / high;
    const float inverse = step > 0 ? 1.0f / step : 0;
    const float zero = low < 0 ? 0 : std::nearbyint(-least * inverse);
    for (std::size_t i = begin; i < begin + width; ++i)
      values[i] = step * (std::clamp(std::nearbyint(values[i] * inverse) + zero, low, high) - zero);
    result.steps.push_back(step);
  }
  result.values = std::move(values);
  return result;
}

Values transposed(std::span<const float> values, std::int64_t rows, std::int64_t cols) {
  Values result(values.size());
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < cols; ++j)
      result[static_cast<std::size_t>(j * rows + i)] =
          static_cast<double>(values[static_cast<std::size_t>(i * cols + j)]);
  return result;
}

/// A product of rows [rows, depth] with a weight [cols, depth] plus what was there, and what may be wrong
/// with it: of each element, by the number formats.
struct Case {
  std::int64_t rows, depth, cols;
  std::vector<float> x, weight, before;
  Rounded narrow_x, narrow_weight;

  Values product(std::span<const float> a, std::span<const float> b) const {
    Values result = reference::product(rows, cols, depth, test::to_double(a), transposed(b, cols, depth));
    for (std::size_t i = 0; i < result.size(); ++i) result[i] += static_cast<double>(before[i]);
    return result;
  }
  /// Of the same product in exact numbers.
  double bound(std::int64_t row, std::int64_t col) const {
    double sum = 0;
    for (std::int64_t p = 0; p < depth; ++p) {
      const double a = std::abs(x[static_cast<std::size_t>(row * depth + p)]);
      const double b = std::abs(weight[static_cast<std::size_t>(col * depth + p)]);
      const double step_a = narrow_x.steps[static_cast<std::size_t>(row)];
      const double step_b = narrow_weight.steps[static_cast<std::size_t>(col)];
      const double error_a = step_a > 0 ? step_a / 2 : kBf16Unit * a;
      const double error_b = step_b > 0 ? step_b / 2 : kBf16Unit * b;
      sum += error_a * b + error_b * a + error_a * error_b;
    }
    return sum;
  }
};

/// f32's own error of a sum as long as `depth` of numbers near 1.
double sum_tolerance(std::int64_t depth) {
  return kEpsilon * (16 + 8 * static_cast<double>(depth));
}

void expect_near(const Case& expected, std::span<const float> got) {
  EXPECT_TRUE(test::near(got, expected.product(expected.narrow_x.values, expected.narrow_weight.values),
                         sum_tolerance(expected.depth)));
  const Values exact = expected.product(expected.x, expected.weight);
  double furthest = 0;
  for (std::int64_t i = 0; i < std::ssize(exact); ++i) {
    const auto at = static_cast<std::size_t>(i);
    const double error = std::abs(static_cast<double>(got[at]) - exact[at]);
    const double bound = expected.bound(i / expected.cols, i % expected.cols);
    ASSERT_LE(error, bound + sum_tolerance(expected.depth)) << "element " << i;
    furthest = std::max(furthest, error / bound);
  }
  EXPECT_GT(furthest, 0.01) << "not rounded at all";
}

void expect_directions(Precision precision, std::int64_t rows, std::int64_t in, std::int64_t out,
                       bool accumulate) {
  SCOPED_TRACE(testing::Message() << name_of(precision) << ", " << rows << " rows, " << in << " -> " << out
                                  << (accumulate ? " +=" : ""));
  const std::vector<float> weight = test::random_values(out * in, 1);
  const std::vector<float> bias = test::random_values(out, 2);
  const Linear linear({weight.data(), out, in, in}, bias, precision);
  const auto first = [](std::vector<float> values, std::int64_t count) {
    values.resize(static_cast<std::size_t>(count));
    return values;
  };
  const bool is_int8 = precision == Precision::int8;
  const Rounded narrow_weight =
      is_int8 ? rounded_to_int8(weight, out, -127, 127) : rounded_to_bf16(weight, out);

  const std::vector<float> x = test::random_values(padded_rows(rows) * in, 3);
  std::vector<float> y = test::random_values(padded_rows(rows) * out, 4);
  Case forward{rows, in, out, first(x, rows * in), weight, first(y, rows * out), {}, narrow_weight};
  forward.narrow_x = is_int8 ? rounded_to_int8(forward.x, rows, 0, 255) : rounded_to_bf16(forward.x, rows);
  for (std::size_t i = 0; i < forward.before.size(); ++i)
    forward.before[i] = (accumulate ? forward.before[i] : 0) + bias[i % bias.size()];
  linear.forward(x.data(), rows, y.data(), accumulate);
  expect_near(forward, std::span(y).first(forward.before.size()));

  // The gradient by the rounded weight. In 8 bits its channels' scales are multiplied into dy before that is
  // rounded, so that the weight's values are exact.
  const std::vector<float> dy = test::random_values(padded_rows(rows) * out, 5);
  std::vector<float> dx = test::random_values(padded_rows(rows) * in, 6);
  std::vector<float> scaled = first(dy, rows * out), steps(static_cast<std::size_t>(out), 1.0f);
  if (is_int8) steps = narrow_weight.steps;
  std::vector<float> values = narrow_weight.values;
  for (std::size_t i = 0; i < values.size(); ++i) values[i] /= steps[i / static_cast<std::size_t>(in)];
  if (is_int8)
    for (float& value : values) value = std::nearbyint(value);
  for (std::size_t i = 0; i < scaled.size(); ++i) scaled[i] *= steps[i % steps.size()];
  Case backward{rows, out, in, scaled, {}, first(dx, rows * in), {}, {}};
  backward.narrow_x = is_int8 ? rounded_to_int8(scaled, rows, 0, 255) : rounded_to_bf16(scaled, rows);
  for (const double value : transposed(values, out, in)) backward.weight.push_back(static_cast<float>(value));
  backward.narrow_weight = rounded_to_bf16(backward.weight, in);
  if (!accumulate) std::fill(backward.before.begin(), backward.before.end(), 0.0f);
  linear.backward_input(dy.data(), rows, dx.data(), accumulate);
  expect_near(backward, std::span(dx).first(backward.before.size()));
}

TEST(LinearPrecision, BothDirectionsMatchTheirRoundedNumbersAndStayNearF32) {
  test::for_each_instruction_set([] {
    for (const Precision precision : kNarrow) {
      for (const bool accumulate : {false, true}) {
        for (std::int64_t width = 1; width <= 70; width += 9)
          expect_directions(precision, 33, width, 71 - width, accumulate);
        for (const std::int64_t rows : {1, 31, 100}) expect_directions(precision, rows, 384, 70, accumulate);
      }
      expect_directions(precision, 33, 1024, 384, true);
      expect_directions(precision, 33, 384, 1024, false);
    }
  });
}

/// Sums of neighbouring products overflow the 16 bits that old processors have for them.
TEST(LinearPrecision, GreatestSumsDoNotOverflow) {
  constexpr std::int64_t kOut = 40, kRows = 5;
  test::for_each_instruction_set([] {
    for (const std::int64_t in : {4096, 70000})  // the latter beyond what 32 bits of int8's products hold
      for (const float sign : {1.0f, -1.0f}) {
        const std::vector<float> weight(static_cast<std::size_t>(kOut * in), sign);
        const std::vector<float> x(static_cast<std::size_t>(kRows * in), 1.0f);
        for (const Precision precision : kNarrow) {
          std::vector<float> y(kRows * kOut);
          Linear({weight.data(), kOut, in, in}, {}, precision).forward(x.data(), kRows, y.data());
          for (const float value : y)
            ASSERT_NEAR(value, sign * static_cast<float>(in), 1e-5 * static_cast<double>(in))
                << name_of(precision);
          Linear({weight.data(), in, kOut, kOut}, {}, precision)
              .backward_input(x.data(), kRows, y.data(), false);
          for (const float value : y)
            ASSERT_NEAR(value, sign * static_cast<float>(in), 1e-5 * static_cast<double>(in))
                << name_of(precision);
        }
      }
  });
}

TEST(LinearPrecision, RowsAndChannelsOfZerosStayZero) {
  const std::vector<float> weight(3 * 5), x(2 * 5), ones(2 * 5, 1.0f);
  for (const Precision precision : kNarrow) {
    const std::vector<float> bias = {1, 2, 3};
    const Linear linear({weight.data(), 3, 5, 5}, bias, precision);
    for (const std::vector<float>& input : {x, ones}) {
      std::vector<float> y(2 * 3, 7.0f), dx(2 * 5, 7.0f);
      linear.forward(input.data(), 2, y.data());
      EXPECT_EQ(y, std::vector<float>({1, 2, 3, 1, 2, 3}));
      linear.backward_input(y.data(), 2, dx.data(), false);
      EXPECT_EQ(dx, std::vector<float>(2 * 5));
    }
  }
}

/// What is no number must not come out as one.
TEST(LinearPrecision, WhatIsNotFiniteStaysSo) {
  const std::vector<float> weight = test::random_values(7 * 20, 1);
  for (const Precision precision : kNarrow)
    for (const float bad :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
          -std::numeric_limits<float>::infinity(), std::bit_cast<float>(std::uint32_t{0x7fffffff})}) {
      const Linear linear({weight.data(), 7, 20, 20}, {}, precision);
      std::vector<float> x = test::random_values(3 * 20, 3), y(3 * 7);
      x[20 + 17] = bad;
      linear.forward(x.data(), 3, y.data());
      for (std::size_t i = 0; i < y.size(); ++i)
        ASSERT_EQ(std::isfinite(y[i]), i / 7 != 1) << name_of(precision) << ", " << bad << ", element " << i;
      std::vector<float> dy = test::random_values(3 * 7, 4), dx(3 * 20);
      dy[7 + 5] = bad;
      linear.backward_input(dy.data(), 3, dx.data(), false);
      for (std::size_t i = 0; i < dx.size(); ++i)
        ASSERT_EQ(std::isfinite(dx[i]), i / 20 != 1)
            << name_of(precision) << ", " << bad << ", element " << i;
    }
}

/// A scale's inverse is beyond what f32 holds: what comes out is as good as nothing, but a number.
TEST(LinearPrecision, RowsOfNextToNothingStaySo) {
  const std::vector<float> weight = test::random_values(7 * 20, 1);
  test::for_each_instruction_set([&] {
    for (const Precision precision : kNarrow)
      for (const float size : {1e-36f, 1e-38f, 1e-41f, 1e-45f}) {
        const Linear linear({weight.data(), 7, 20, 20}, {}, precision);
        std::vector<float> x = test::random_values(2 * 20, 3), y(2 * 7), dx(2 * 20);
        for (float& value : x) value *= size;
        linear.forward(x.data(), 2, y.data());
        for (const float value : y) ASSERT_LT(std::abs(value), 1e4f * size) << name_of(precision);
        linear.backward_input(x.data(), 2, dx.data(), false);
        for (const float value : dx) ASSERT_LT(std::abs(value), 1e4f * size) << name_of(precision);
      }
  });
}

TEST(LinearPrecision, Deterministic) {
  const std::vector<float> weight = test::random_values(384 * 384, 1);
  for (const Precision precision : kNarrow) {
    const Linear linear({weight.data(), 384, 384, 384}, {}, precision);
    const std::vector<float> x = test::random_values(padded_rows(333) * 384, 3);
    test::expect_deterministic(
        [&] {
          std::vector<float> y(x.size()), dx = x;
          linear.forward(x.data(), 333, y.data());
          linear.backward_input(y.data(), 333, dx.data(), true);
          dx.resize(333 * 384);
          return dx;
        },
        false);
  }
}

TEST(LinearPrecision, NamesAndWhatAutoStandsFor) {
  for (const std::string& name : precision_names()) EXPECT_EQ(name_of(*precision_by_name(name)), name);
  EXPECT_EQ(precision_names().size(), 4u);
  EXPECT_FALSE(precision_by_name("f16"));
  for (const Precision precision : {Precision::f32, Precision::bf16, Precision::int8})
    EXPECT_EQ(resolved(precision), precision);
  EXPECT_TRUE(resolved(Precision::automatic) == Precision::f32 ||
              resolved(Precision::automatic) == Precision::bf16);
}

}  // namespace
}  // namespace incipit
