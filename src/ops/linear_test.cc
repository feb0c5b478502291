#include "ops/linear.h"

#include <cmath>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "ops/reference.h"
#include "ops/test_support.h"

namespace incipit {
namespace {

using test::kEpsilon;

constexpr std::int64_t kRows[] = {1, 3, 31, 33, 100, 333, 1025};

/// A layer with weight [out, in] read from rows `padding` further apart, and its double twin.
struct Layer {
  std::int64_t in, out;
  std::vector<float> weight, bias;
  Linear linear;

  Layer(std::int64_t in_features, std::int64_t out_features, bool has_bias, std::int64_t padding = 0)
      : in(in_features),
        out(out_features),
        weight(test::random_values(out * (in + padding), 1)),
        bias(has_bias ? test::random_values(out, 2) : std::vector<float>()),
        linear({weight.data(), out, in, in + padding}, bias) {
    for (std::int64_t i = out; i-- > 0 && padding > 0;) {
      const auto begin = weight.begin() + i * (in + padding) + in;
      weight.erase(begin, begin + padding);
    }
  }
};

std::vector<double> slice(const std::vector<float>& values, std::int64_t rows, std::int64_t cols) {
  return test::to_double(std::span(values).first(static_cast<std::size_t>(rows * cols)));
}

std::vector<double> transposed(const std::vector<double>& values, std::int64_t rows, std::int64_t cols) {
  std::vector<double> result(values.size());
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < cols; ++j)
      result[static_cast<std::size_t>(j * rows + i)] = values[static_cast<std::size_t>(i * cols + j)];
  return result;
}

/// Of the rows of a times the columns of the weight, both normal: their norms are near the roots of the
/// depth.
double tolerance(std::int64_t depth) {
  return kEpsilon * (16 + 8 * static_cast<double>(depth));
}

void expect_forward(const Layer& layer, std::int64_t rows, bool accumulate = false) {
  SCOPED_TRACE(testing::Message() << rows << " rows, " << layer.in << " -> " << layer.out);
  const std::vector<float> x = test::random_values(padded_rows(rows) * layer.in, 3);
  const std::vector<float> before = test::random_values(padded_rows(rows) * layer.out, 8);
  std::vector<float> y = before;
  layer.linear.forward(x.data(), rows, y.data(), accumulate);
  std::vector<double> want =
      reference::product(rows, layer.out, layer.in, slice(x, rows, layer.in),
                         transposed(test::to_double(layer.weight), layer.out, layer.in));
  for (std::size_t i = 0; i < want.size() && !layer.bias.empty(); ++i)
    want[i] += static_cast<double>(layer.bias[i % layer.bias.size()]);
  for (std::size_t i = 0; i < want.size() && accumulate; ++i) want[i] += static_cast<double>(before[i]);
  EXPECT_TRUE(test::near(std::span(y).first(want.size()), want, tolerance(layer.in)));
}

void expect_backward(const Layer& layer, std::int64_t rows, bool accumulate) {
  SCOPED_TRACE(testing::Message() << rows << " rows, " << layer.in << " -> " << layer.out
                                  << (accumulate ? " +=" : ""));
  const std::vector<float> dy = test::random_values(padded_rows(rows) * layer.out, 4);
  const std::vector<float> before = test::random_values(padded_rows(rows) * layer.in, 5);
  std::vector<float> dx = before;
  layer.linear.backward_input(dy.data(), rows, dx.data(), accumulate);
  std::vector<double> want = reference::product(rows, layer.in, layer.out, slice(dy, rows, layer.out),
                                                test::to_double(layer.weight));
  for (std::size_t i = 0; i < want.size() && accumulate; ++i) want[i] += static_cast<double>(before[i]);
  EXPECT_TRUE(test::near(std::span(dx).first(want.size()), want, tolerance(layer.out)));
}

TEST(Linear, PaddedRowsAreFewAndClose) {
  std::int64_t distinct = 0;
  for (std::int64_t rows = 1, last = 0; rows <= 4096; ++rows) {
    const std::int64_t padded = padded_rows(rows);
    ASSERT_GE(padded, rows);
    ASSERT_LE(static_cast<double>(padded), 1.03125 * static_cast<double>(rows)) << rows;
    ASSERT_EQ(padded_rows(padded), padded) << rows;
    ASSERT_GE(padded, last) << rows;
    distinct += padded != last;
    last = padded;
  }
  EXPECT_LE(distinct, 256);
  EXPECT_EQ(padded_rows(0), 0);
}

TEST(Linear, ForwardMatchesReference) {
  for (std::int64_t width = 1; width <= 70; ++width) {
    expect_forward(Layer(width, 71 - width, width % 2 == 0), 33);
    expect_forward(Layer(width, 13, true, 5), 3);
  }
  const Layer middle(384, 70, true);
  for (const std::int64_t rows : kRows)
    for (const bool accumulate : {false, true}) expect_forward(middle, rows, accumulate);
  expect_forward(Layer(70, 33, false), 100, true);
  expect_forward(Layer(1024, 384, true), 100);
  expect_forward(Layer(384, 1024, false), 333);
}

TEST(Linear, BackwardMatchesReference) {
  for (std::int64_t width = 1; width <= 70; ++width)
    expect_backward(Layer(width, 71 - width, true), 33, width % 2 == 0);
  const Layer middle(384, 70, true);
  for (const std::int64_t rows : kRows)
    for (const bool accumulate : {false, true}) expect_backward(middle, rows, accumulate);
  expect_backward(Layer(1024, 384, true), 100, true);
  expect_backward(Layer(384, 1024, false), 333, false);
}

TEST(Linear, BackwardMatchesDifferencesOfForward) {
  const Layer layer(9, 7, true);
  const std::vector<float> x = test::random_values(3 * 9, 6), dy = test::random_values(3 * 7, 7);
  const std::vector<double> weight = transposed(test::to_double(layer.weight), 7, 9);
  const reference::Values want =
      reference::finite_differences(test::to_double(x), 1e-3, [&](const reference::Values& values) {
        const reference::Values y = reference::product(3, 7, 9, values, weight);
        double loss = 0;
        for (std::size_t i = 0; i < y.size(); ++i) loss += y[i] * static_cast<double>(dy[i]);
        return loss;
      });
  std::vector<float> dx(x.size());
  layer.linear.backward_input(dy.data(), 3, dx.data(), false);
  EXPECT_TRUE(test::near(dx, want, tolerance(7)));
}

TEST(Linear, NoRowsTouchNothing) {
  const Layer layer(8, 8, true);
  layer.linear.forward(nullptr, 0, nullptr);
  layer.linear.backward_input(nullptr, 0, nullptr, true);
}

TEST(Linear, MovesAndKeepsItsOwnCopyOfTheWeight) {
  Layer layer(16, 8, true);
  const std::vector<float> x = test::random_values(3 * 16, 3);
  std::vector<float> before(3 * 8), after(3 * 8);
  layer.linear.forward(x.data(), 3, before.data());
  std::fill(layer.weight.begin(), layer.weight.end(), 0.0f);
  const Linear moved = std::move(layer.linear);
  moved.forward(x.data(), 3, after.data());
  EXPECT_EQ(before, after);
  EXPECT_EQ(moved.in_features(), 16);
  EXPECT_EQ(moved.out_features(), 8);
}

TEST(Linear, SeveralThreadsMayUseOne) {
  const Layer layer(70, 33, true);
  std::vector<std::thread> threads;
  std::vector<std::vector<float>> results(4);
  for (std::size_t t = 0; t < results.size(); ++t)
    threads.emplace_back([&, t] {
      const std::vector<float> x = test::random_values(100 * 70, 3);
      std::vector<float> y(static_cast<std::size_t>(padded_rows(100) * 33)),
          dx(static_cast<std::size_t>(padded_rows(100) * 70));
      std::vector<float> padded = x;
      padded.resize(dx.size());
      layer.linear.forward(padded.data(), 100, y.data());
      layer.linear.backward_input(y.data(), 100, dx.data(), false);
      results[t] = dx;
    });
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<float>& result : results) EXPECT_EQ(result, results[0]);
}

/// A kernel made for one thread count runs under another.
TEST(Linear, ThreadCountMayChange) {
  const Layer layer(384, 70, true);
  for (const int count : {1, 2, 1}) {
    const test::Threads threads(count);
    expect_forward(layer, 333);
    expect_backward(layer, 333, true);
  }
}

TEST(Linear, Deterministic) {
  const Layer layer(384, 384, true);
  const std::vector<float> x = test::random_values(padded_rows(333) * 384, 3);
  test::expect_deterministic(
      [&] {
        std::vector<float> y(x.size()), dx = x;
        layer.linear.forward(x.data(), 333, y.data());
        layer.linear.backward_input(y.data(), 333, dx.data(), true);
        return dx;
      },
      false);
}

}  // namespace
}  // namespace incipit
