#include "ops/activation.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "ops/reference.h"
#include "ops/test_support.h"

namespace incipit {
namespace {

using test::kEpsilon;

constexpr Activation kAll[] = {Activation::gelu, Activation::gelu_tanh, Activation::relu, Activation::tanh,
                               Activation::silu};

/// From -12 to 12 and far beyond, both signs of 0 included; never so near to relu's kink that a difference
/// meets it.
std::vector<float> inputs(std::int64_t count) {
  std::vector<float> x = test::random_values(count, static_cast<std::uint64_t>(count), 3);
  constexpr float kSpecial[] = {0.0f, -0.0f, 1e-3f, -1e-3f, 12, -12, 60, -60, 1e4f, -1e4f};
  for (std::size_t i = 0; i < x.size() && count >= 64 && i < std::size(kSpecial); ++i)
    x[i * 5 % x.size()] = kSpecial[i];
  return x;
}

std::vector<std::int64_t> counts() {
  std::vector<std::int64_t> result;
  for (std::int64_t count = 0; count <= 70; ++count) result.push_back(count);
  result.insert(result.end(), {384, 1024, 100003});
  return result;
}

TEST(Activation, ByName) {
  EXPECT_EQ(activation_by_name("gelu"), Activation::gelu);
  EXPECT_EQ(activation_by_name("gelu_new"), Activation::gelu_tanh);
  EXPECT_EQ(activation_by_name("gelu_pytorch_tanh"), Activation::gelu_tanh);
  EXPECT_EQ(activation_by_name("relu"), Activation::relu);
  EXPECT_EQ(activation_by_name("tanh"), Activation::tanh);
  EXPECT_EQ(activation_by_name("silu"), Activation::silu);
  EXPECT_FALSE(activation_by_name("mish"));
  EXPECT_FALSE(activation_by_name(""));
}

TEST(Activation, ForwardMatchesReference) {
  test::for_each_instruction_set([] {
    for (const Activation kind : kAll)
      for (const std::int64_t count : counts()) {
        const std::vector<float> x = inputs(count);
        std::vector<float> y(x.size());
        activate(kind, x.data(), y.data(), count);
        // x times a probability: the error is relative to x.
        for (std::size_t i = 0; i < x.size(); ++i) {
          const double want = reference::activation(kind, x[i]);
          ASSERT_NEAR(y[i], want, 4 * kEpsilon * std::max(1.0, std::abs(static_cast<double>(x[i]))))
              << "activation " << static_cast<int>(kind) << ", x[" << i << "] = " << x[i] << " of " << count;
        }
      }
  });
}

TEST(Activation, BackwardMatchesDifferences) {
  test::for_each_instruction_set([] {
    for (const Activation kind : kAll)
      for (const std::int64_t count : counts()) {
        std::vector<float> x = inputs(count);
        if (kind == Activation::relu)
          for (float& value : x) value = std::abs(value) < 1e-4f ? 1.0f : value;
        const std::vector<float> dy = test::random_values(count, 7, 2);
        std::vector<float> dx(x.size());
        activate_backward(kind, x.data(), dy.data(), dx.data(), count);
        for (std::size_t i = 0; i < x.size(); ++i) {
          const double step = 1e-5;
          const double slope =
              (reference::activation(kind, x[i] + step) - reference::activation(kind, x[i] - step)) /
              (2 * step);
          // The second term is the differences' own rounding.
          const double tolerance =
              8 * kEpsilon + 1e-16 / step * std::max(1.0, std::abs(static_cast<double>(x[i])));
          ASSERT_NEAR(dx[i], slope * dy[i], tolerance * std::max(1.0, std::abs(static_cast<double>(dy[i]))))
              << "activation " << static_cast<int>(kind) << ", x[" << i << "] = " << x[i] << " of " << count;
        }
      }
  });
}

TEST(Activation, ReluHasNoSlopeAtZeroAndBelow) {
  const std::vector<float> x = {-1, -0.0f, 0, 1e-30f, 2}, dy(5, 3.0f);
  std::vector<float> dx(5);
  activate_backward(Activation::relu, x.data(), dy.data(), dx.data(), 5);
  EXPECT_EQ(dx, (std::vector<float>{0, 0, 0, 3, 3}));
}

TEST(Activation, SmallTanhIsRelativelyExact) {
  test::for_each_instruction_set([] {
    for (const float x : {1e-6f, -3e-4f, 0.02f, -0.3f, 0.9f}) {
      float y = 0;
      activate(Activation::tanh, &x, &y, 1);
      EXPECT_NEAR(y / std::tanh(static_cast<double>(x)), 1, 8 * kEpsilon) << x;
    }
  });
}

TEST(Activation, NotANumberStaysOne) {
  test::for_each_instruction_set([] {
    for (const Activation kind : kAll) {
      const std::vector<float> x(17, std::numeric_limits<float>::quiet_NaN());
      std::vector<float> y(17, 0.0f);
      activate(kind, x.data(), y.data(), 17);
      for (const float value : y) EXPECT_TRUE(std::isnan(value)) << "activation " << static_cast<int>(kind);
    }
  });
}

TEST(Activation, InPlaceEqualsOutOfPlace) {
  const std::vector<float> x = inputs(333), dy = test::random_values(333, 3);
  for (const Activation kind : kAll) {
    std::vector<float> y(x.size()), in_place = x;
    activate(kind, x.data(), y.data(), 333);
    activate(kind, in_place.data(), in_place.data(), 333);
    EXPECT_EQ(y, in_place);
    std::vector<float> dx(x.size()), d_in_place = dy;
    activate_backward(kind, x.data(), dy.data(), dx.data(), 333);
    activate_backward(kind, x.data(), d_in_place.data(), d_in_place.data(), 333);
    EXPECT_EQ(dx, d_in_place);
  }
}

TEST(Activation, GatedIsTheActivatedGateTimesUp) {
  test::for_each_instruction_set([] {
    for (const Activation kind : kAll)
      for (const std::int64_t width : {1, 7, 16, 33, 70}) {
        const std::int64_t rows = 5;
        const std::vector<float> gate_up = test::random_values(2 * rows * width, 5, 2);
        const std::vector<float> dy = test::random_values(rows * width, 6);
        std::vector<float> y(dy.size()), d(gate_up.size()), in_place = gate_up;
        activate_gated(kind, gate_up.data(), rows, width, y.data());
        activate_gated_backward(kind, gate_up.data(), dy.data(), rows, width, d.data());
        activate_gated_backward(kind, in_place.data(), dy.data(), rows, width, in_place.data());
        EXPECT_EQ(d, in_place);
        for (std::int64_t i = 0; i < rows * width; ++i) {
          const auto at = static_cast<std::size_t>(i / width * 2 * width + i % width);
          const auto gate = static_cast<double>(gate_up[at]);
          const auto up = static_cast<double>(gate_up[at + static_cast<std::size_t>(width)]);
          const auto g = static_cast<double>(dy[static_cast<std::size_t>(i)]);
          const auto f = [&](double x) { return reference::activation(kind, x); };
          const double tolerance = 16 * kEpsilon * (1 + std::abs(gate * up)) * (1 + std::abs(g)) + 1e-9;
          ASSERT_NEAR(y[static_cast<std::size_t>(i)], f(gate) * up, tolerance);
          ASSERT_NEAR(d[at], g * up * (f(gate + 1e-5) - f(gate - 1e-5)) / 2e-5, tolerance);
          ASSERT_NEAR(d[at + static_cast<std::size_t>(width)], g * f(gate), tolerance);
        }
      }
  });
}

TEST(Activation, KeptInBf16) {
  test::for_each_instruction_set([] {
    for (const Activation kind : kAll)
      for (const std::int64_t count : {1, 70, 333, 5000}) {
        const std::vector<float> x = inputs(count), dy = test::random_values(count, 3);
        const test::Bf16 rounded(x);
        std::vector<float> y(x.size()), in_place = x, dx(x.size()), want = dx;
        std::vector<std::uint16_t> halves(x.size());
        activate(kind, x.data(), y.data(), count);
        activate(kind, in_place.data(), in_place.data(), count, halves.data());
        EXPECT_EQ(in_place, y);
        EXPECT_EQ(halves, rounded.halves);
        activate_backward(kind, {nullptr, halves.data()}, dy.data(), dx.data(), count);
        activate_backward(kind, rounded.values.data(), dy.data(), want.data(), count);
        EXPECT_EQ(dx, want);
      }
  });
}

TEST(Activation, GatedKeptInBf16) {
  test::for_each_instruction_set([] {
    for (const Activation kind : kAll)
      for (const std::int64_t width : {1, 7, 33, 3000}) {
        constexpr std::int64_t kRows = 5;
        const std::vector<float> gate_up = test::random_values(2 * kRows * width, 5, 2);
        const std::vector<float> dy = test::random_values(kRows * width, 6);
        const test::Bf16 rounded(gate_up);
        std::vector<float> y(dy.size()), want_y = y, d(gate_up.size()), want = d;
        std::vector<std::uint16_t> halves(gate_up.size());
        activate_gated(kind, gate_up.data(), kRows, width, want_y.data());
        activate_gated(kind, gate_up.data(), kRows, width, y.data(), halves.data());
        EXPECT_EQ(y, want_y);
        EXPECT_EQ(halves, rounded.halves);
        activate_gated_backward(kind, {nullptr, halves.data()}, dy.data(), kRows, width, d.data());
        activate_gated_backward(kind, rounded.values.data(), dy.data(), kRows, width, want.data());
        EXPECT_EQ(d, want);
      }
  });
}

TEST(Activation, Deterministic) {
  const std::vector<float> x = test::random_values(100003, 1), dy = test::random_values(100003, 2);
  for (const Activation kind : kAll)
    test::expect_deterministic([&] {
      std::vector<float> y(2 * x.size());
      activate(kind, x.data(), y.data(), 100003);
      activate_backward(kind, x.data(), dy.data(), y.data() + x.size(), 100003);
      return y;
    });
}

}  // namespace
}  // namespace incipit
