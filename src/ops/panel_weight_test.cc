#include "ops/panel_weight.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "base/parallel.h"
#include "ops/reference.h"
#include "ops/test_support.h"

namespace incipit {
namespace {

using test::kEpsilon;

constexpr PanelType kTypes[] = {PanelType::f32, PanelType::bf16, PanelType::int8};

/// Numbers that every type holds exactly.
std::vector<float> whole_numbers(std::int64_t count) {
  std::vector<float> values = test::random_values(count, 1);
  for (float& value : values) value = std::nearbyint(value * 20);
  return values;
}

/// Such that what is rounded to bf16 stays as it is.
std::vector<float> random_numbers(PanelType type, std::int64_t count, std::uint64_t seed) {
  std::vector<float> values = test::random_values(count, seed);
  for (float& value : values)
    if (type != PanelType::f32)
      value = std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) & 0xffff0000u);
  return values;
}

std::vector<double> transposed(const std::vector<float>& values, std::int64_t rows, std::int64_t cols) {
  std::vector<double> result(values.size());
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < cols; ++j)
      result[static_cast<std::size_t>(j * rows + i)] =
          static_cast<double>(values[static_cast<std::size_t>(i * cols + j)]);
  return result;
}

PanelWeight weight_of(PanelType type, const std::vector<float>& values, std::int64_t out, std::int64_t in) {
  if (type != PanelType::int8) return {type, {values.data(), out, in, in}};
  const std::vector<std::int8_t> bytes(values.begin(), values.end());
  return {bytes.data(), in, out};
}

void expect_products(PanelType type, std::int64_t rows, std::int64_t in, std::int64_t out, bool accumulate) {
  SCOPED_TRACE(testing::Message() << "type " << static_cast<int>(type) << ", " << rows << " rows, " << in
                                  << " -> " << out << (accumulate ? " +=" : ""));
  const std::vector<float> values = whole_numbers(out * in);
  const PanelWeight weight = weight_of(type, values, out, in);
  const auto tolerance = [](std::int64_t depth) {
    return 20 * kEpsilon * (16 + 8 * static_cast<double>(depth));
  };
  const auto add = [&](std::vector<double>& sums, const std::vector<float>& before) {
    for (std::size_t i = 0; i < sums.size() && accumulate; ++i) sums[i] += static_cast<double>(before[i]);
  };

  if (type != PanelType::int8) {
    const std::vector<float> x = random_numbers(type, rows * in, 2), bias = test::random_values(out, 3);
    std::vector<float> y = test::random_values(rows * out, 4);
    std::vector<double> want =
        reference::product(rows, out, in, test::to_double(x), transposed(values, out, in));
    for (std::size_t i = 0; i < want.size(); ++i) want[i] += static_cast<double>(bias[i % bias.size()]);
    add(want, y);
    weight.multiply(x.data(), rows, bias, y.data(), accumulate);
    EXPECT_TRUE(test::near(y, want, tolerance(in)));
  }

  const std::vector<float> dy = random_numbers(type, rows * out, 5);
  std::vector<float> dx = test::random_values(rows * in, 6);
  std::vector<double> want = reference::product(rows, in, out, test::to_double(dy), test::to_double(values));
  add(want, dx);
  weight.multiply_transposed(dy.data(), {}, rows, dx.data(), accumulate);
  EXPECT_TRUE(test::near(dx, want, tolerance(out)));
}

/// On every instruction set.
void expect_all_products(std::int64_t rows, std::int64_t in, std::int64_t out, bool accumulate) {
  test::for_each_instruction_set([&] {
    for (const PanelType type : kTypes) expect_products(type, rows, in, out, accumulate);
  });
}

TEST(PanelWeight, MatchesReferenceAtEveryWidth) {
  for (std::int64_t width = 1; width <= 70; ++width)
    expect_all_products(1 + width % 9, width, 71 - width, width % 2 == 0);
}

TEST(PanelWeight, MatchesReferenceAtEveryRowCount) {
  for (const std::int64_t rows : {1, 2, 5, 6, 7, 13, 14, 15, 29, 64, 95, 96, 193, 405})
    expect_all_products(rows, 40, 50, rows % 2 == 0);
}

TEST(PanelWeight, MatchesReferenceWhereBlocksEnd) {
  for (const std::int64_t in : {255, 256, 257, 511, 513, 1023, 1026, 2050})
    for (const std::int64_t out : {30, 259, 517}) expect_all_products(17, in, out, in % 2 == 0);
}

constexpr std::int64_t kByteRows = 9;

void expect_exact_sums(const std::vector<float>& values, const std::vector<std::uint8_t>& x, std::int64_t out,
                       std::int64_t in) {
  std::vector<std::int32_t> y(static_cast<std::size_t>(kByteRows * out));
  weight_of(PanelType::int8, values, out, in).multiply(x.data(), kByteRows, y.data());
  for (std::int64_t i = 0; i < kByteRows; ++i)
    for (std::int64_t o = 0; o < out; ++o) {
      std::int64_t sum = 0;
      for (std::int64_t p = 0; p < in; ++p)
        sum += x[static_cast<std::size_t>(i * in + p)] *
               static_cast<std::int64_t>(values[static_cast<std::size_t>(o * in + p)]);
      ASSERT_EQ(y[static_cast<std::size_t>(i * out + o)], sum)
          << in << " -> " << out << ", " << i << ", " << o;
    }
}

TEST(PanelWeight, BytesHaveExactSums) {
  for (const std::int64_t in : {1, 2, 3, 40, 511, 513, 4096})
    for (const std::int64_t out : {1, 16, 45, 70}) {
      std::vector<float> values = test::random_values(out * in, 1);
      for (float& value : values) value = std::clamp(std::nearbyint(value * 80), -128.0f, 127.0f);
      std::fill_n(values.begin(), in, -128.0f);
      std::vector<std::uint8_t> x(static_cast<std::size_t>(kByteRows * in), 255);
      for (std::size_t i = static_cast<std::size_t>(in); i < x.size(); ++i)
        x[i] = static_cast<std::uint8_t>(i * 37);
      test::for_each_instruction_set([&] { expect_exact_sums(values, x, out, in); });
    }
}

TEST(PanelWeight, RowsDoNotDependOnTheirNeighbours) {
  constexpr std::int64_t kRows = 403, kIn = 600, kOut = 130;
  const std::vector<float> values = whole_numbers(kOut * kIn), x = test::random_values(kRows * kIn, 2);
  const std::vector<float> dy = test::random_values(kRows * kOut, 3);
  std::vector<float> y(kRows * kOut), dx(kRows * kIn), one(kOut), d_one(kIn);
  for (const PanelType type : kTypes) {
    const PanelWeight weight = weight_of(type, values, kOut, kIn);
    const bool has_floats = type != PanelType::int8;  // sums of bytes are exact
    if (has_floats) weight.multiply(x.data(), kRows, {}, y.data(), false);
    weight.multiply_transposed(dy.data(), {}, kRows, dx.data(), false);
    for (const std::int64_t row : {0, 5, 13, 191, 192, 402}) {
      if (has_floats) weight.multiply(x.data() + row * kIn, 1, {}, one.data(), false);
      EXPECT_TRUE(!has_floats || std::equal(one.begin(), one.end(), y.begin() + row * kOut)) << row;
      weight.multiply_transposed(dy.data() + row * kOut, {}, 1, d_one.data(), false);
      EXPECT_TRUE(std::equal(d_one.begin(), d_one.end(), dx.begin() + row * kIn)) << row;
    }
  }
}

/// dy is multiplied by them before it is rounded.
TEST(PanelWeight, FactorsOfTheGradient) {
  constexpr std::int64_t kRows = 5, kIn = 40, kOut = 2085;  // more than a block of either type
  const std::vector<float> values = whole_numbers(kOut * kIn), dy = test::random_values(kRows * kOut, 1);
  const std::vector<float> factors = test::random_values(kOut, 2);
  std::vector<float> scaled = dy, dx(kRows * kIn), want = dx;
  for (std::size_t i = 0; i < scaled.size(); ++i) scaled[i] *= factors[i % factors.size()];
  test::for_each_instruction_set([&] {
    for (const PanelType type : {PanelType::bf16, PanelType::int8}) {
      const PanelWeight weight = weight_of(type, values, kOut, kIn);
      weight.multiply_transposed(dy.data(), factors, kRows, dx.data(), false);
      weight.multiply_transposed(scaled.data(), {}, kRows, want.data(), false);
      EXPECT_EQ(dx, want);
    }
  });
}

TEST(PanelWeight, ThreadsDoNotChangeTheResult) {
  constexpr std::int64_t kIn = 300, kOut = 200;
  const std::vector<float> values = test::random_values(kOut * kIn, 1);
  const PanelWeight weight(PanelType::f32, {values.data(), kOut, kIn, kIn});
  const int threads = num_threads();
  for (const std::int64_t rows : {7, 500}) {
    const std::vector<float> x = test::random_values(rows * kIn, 2);
    std::vector<float> first(static_cast<std::size_t>(rows * kOut)), other = first;
    set_num_threads(1);
    weight.multiply(x.data(), rows, {}, first.data(), false);
    for (const int count : {2, 3}) {
      set_num_threads(count);
      weight.multiply(x.data(), rows, {}, other.data(), false);
      EXPECT_EQ(first, other) << rows << " rows, " << count << " threads";
    }
  }
  set_num_threads(threads);
}

}  // namespace
}  // namespace incipit
