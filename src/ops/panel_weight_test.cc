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

constexpr PanelType kFloatTypes[] = {PanelType::f32, PanelType::bf16};

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

void expect_products(PanelType type, std::int64_t rows, std::int64_t in, std::int64_t out, bool accumulate) {
  SCOPED_TRACE(testing::Message() << "type " << static_cast<int>(type) << ", " << rows << " rows, " << in
                                  << " -> " << out << (accumulate ? " +=" : ""));
  const std::vector<float> values = whole_numbers(out * in);
  const PanelWeight weight(type, {values.data(), out, in, in});
  const auto tolerance = [](std::int64_t depth) {
    return 20 * kEpsilon * (16 + 8 * static_cast<double>(depth));
  };
  const auto add = [&](std::vector<double>& sums, const std::vector<float>& before) {
    for (std::size_t i = 0; i < sums.size() && accumulate; ++i) sums[i] += static_cast<double>(before[i]);
  };

  const std::vector<float> x = random_numbers(type, rows * in, 2), bias = test::random_values(out, 3);
  std::vector<float> y = test::random_values(rows * out, 4);
  std::vector<double> want =
      reference::product(rows, out, in, test::to_double(x), transposed(values, out, in));
  for (std::size_t i = 0; i < want.size(); ++i) want[i] += static_cast<double>(bias[i % bias.size()]);
  add(want, y);
  weight.multiply(x.data(), rows, bias, y.data(), accumulate);
  EXPECT_TRUE(test::near(y, want, tolerance(in)));

  const std::vector<float> dy = random_numbers(type, rows * out, 5);
  std::vector<float> dx = test::random_values(rows * in, 6);
  want = reference::product(rows, in, out, test::to_double(dy), test::to_double(values));
  add(want, dx);
  weight.multiply_transposed(dy.data(), rows, dx.data(), accumulate);
  EXPECT_TRUE(test::near(dx, want, tolerance(out)));
}

/// Of 8-bit numbers [rows, depth] and what stands around their products with a weight. Scales are powers of
/// two, so that results are exact as long as f32 holds the sums.
struct Bytes {
  Bytes(std::int64_t rows, std::int64_t depth, std::int64_t width)
      : values(static_cast<std::size_t>(rows * depth)),
        scales(static_cast<std::size_t>(rows)),
        column_scales(static_cast<std::size_t>(width)),
        bias(static_cast<std::size_t>(width)) {
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<std::uint8_t>(i < static_cast<std::size_t>(depth) ? 255 : i * 37);
    for (std::size_t i = 0; i < scales.size(); ++i)
      scales[i] = {i % 2 == 0 ? 0.25f : 2.0f, static_cast<std::int32_t>(i * 101 % 256)};
    for (std::size_t i = 0; i < bias.size(); ++i) {
      column_scales[i] = i % 3 == 0 ? 0.5f : 1.0f;
      bias[i] = static_cast<float>(i % 7) - 3;
    }
  }
  QuantisedRows rows() const { return {values.data(), scales}; }

  /// The product with weights (column, place), one by one.
  template <typename Weight>
  std::vector<float> product(Weight weight, bool has_columns, const std::vector<float>* before) const {
    std::vector<float> result;
    const std::size_t depth = values.size() / scales.size();
    for (std::size_t r = 0; r < scales.size(); ++r)
      for (std::size_t c = 0; c < bias.size(); ++c) {
        std::int64_t sum = 0;
        for (std::size_t p = 0; p < depth; ++p)
          sum += (values[r * depth + p] - scales[r].zero) * static_cast<std::int64_t>(weight(c, p));
        float value = scales[r].scale * static_cast<float>(sum);
        if (has_columns) value = value * column_scales[c] + bias[c];
        result.push_back(before == nullptr ? value : value + (*before)[result.size()]);
      }
    return result;
  }

  std::vector<std::uint8_t> values;
  std::vector<RowScale> scales;
  std::vector<float> column_scales, bias;
};

/// The first channel has the least values.
std::vector<std::int8_t> weight_bytes(std::int64_t in, std::int64_t out) {
  std::vector<std::int8_t> values;
  for (const float value : test::random_values(out * in, 1))
    values.push_back(static_cast<std::int8_t>(std::clamp(std::nearbyint(value * 80), -127.0f, 127.0f)));
  std::fill_n(values.begin(), in, std::int8_t{-127});
  return values;
}

template <typename Weight>
std::vector<std::int32_t> sums_of(Weight weight, std::int64_t width, std::int64_t depth) {
  std::vector<std::int32_t> sums(static_cast<std::size_t>(width));
  for (std::size_t c = 0; c < sums.size(); ++c)
    for (std::size_t p = 0; p < static_cast<std::size_t>(depth); ++p) sums[c] += weight(c, p);
  return sums;
}

void expect_byte_products(std::int64_t rows, std::int64_t in, std::int64_t out, bool accumulate) {
  SCOPED_TRACE(testing::Message() << rows << " rows of bytes, " << in << " -> " << out
                                  << (accumulate ? " +=" : ""));
  const std::vector<std::int8_t> values = weight_bytes(in, out);
  const PanelWeight weight(values.data(), in, out);
  const auto at = [&](std::size_t o, std::size_t i) {
    return std::int32_t{values[o * static_cast<std::size_t>(in) + i]};
  };
  // Sums of a block are exact; those of several are added in f32: 8 is its step at 255 * 127 * 2050.
  const auto tolerance = [](std::int64_t depth) { return depth > 2048 ? 16.0 : 0.0; };
  const auto at_transposed = [&](std::size_t i, std::size_t o) { return at(o, i); };

  const Bytes x(rows, in, out);
  std::vector<float> y = whole_numbers(rows * out);
  std::vector<float> want = x.product(at, true, accumulate ? &y : nullptr);
  weight.multiply(x.rows(), {sums_of(at, out, in), x.column_scales, x.bias}, y.data(), accumulate);
  EXPECT_TRUE(test::near(y, test::to_double(want), tolerance(in)));

  const Bytes dy(rows, out, in);
  std::vector<float> dx = whole_numbers(rows * in);
  want = dy.product(at_transposed, false, accumulate ? &dx : nullptr);
  weight.multiply_transposed(dy.rows(), {sums_of(at_transposed, in, out), {}, {}}, dx.data(), accumulate);
  EXPECT_TRUE(test::near(dx, test::to_double(want), tolerance(out)));
}

/// On every instruction set.
void expect_all_products(std::int64_t rows, std::int64_t in, std::int64_t out, bool accumulate) {
  test::for_each_instruction_set([&] {
    for (const PanelType type : kFloatTypes) expect_products(type, rows, in, out, accumulate);
    expect_byte_products(rows, in, out, accumulate);
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
  for (const std::int64_t out : {2047, 2049}) expect_all_products(9, 60, out, out % 4 == 1);
}

TEST(PanelWeight, RowsDoNotDependOnTheirNeighbours) {
  constexpr std::int64_t kRows = 403, kIn = 600, kOut = 130;
  const std::vector<float> values = whole_numbers(kOut * kIn), x = test::random_values(kRows * kIn, 2);
  const std::vector<float> dy = test::random_values(kRows * kOut, 3);
  std::vector<float> y(kRows * kOut), dx(kRows * kIn), one(kOut), d_one(kIn);
  for (const PanelType type : kFloatTypes) {
    const PanelWeight weight(type, {values.data(), kOut, kIn, kIn});
    weight.multiply(x.data(), kRows, {}, y.data(), false);
    weight.multiply_transposed(dy.data(), kRows, dx.data(), false);
    for (const std::int64_t row : {0, 5, 13, 191, 192, 402}) {
      weight.multiply(x.data() + row * kIn, 1, {}, one.data(), false);
      EXPECT_TRUE(std::equal(one.begin(), one.end(), y.begin() + row * kOut)) << row;
      weight.multiply_transposed(dy.data() + row * kOut, 1, d_one.data(), false);
      EXPECT_TRUE(std::equal(d_one.begin(), d_one.end(), dx.begin() + row * kIn)) << row;
    }
  }
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
