#include "ops/rms_norm.h"

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

constexpr float kNormEpsilon = 1e-5f;

struct Outputs {
  std::vector<float> y, normalised, inverse_rms, dx;
  bool operator==(const Outputs&) const = default;
};

struct Case {
  std::int64_t rows, width;
  RmsNorm norm;
  std::vector<float> x, dy;

  Case(std::int64_t row_count, std::int64_t row_width)
      : rows(row_count),
        width(row_width),
        norm{test::random_values(width, 11), kNormEpsilon},
        x(test::random_values(rows * width, 1)),
        dy(test::random_values(rows * width, 3)) {}

  Values row(const std::vector<float>& values, std::int64_t i) const {
    return test::to_double(
        std::span(values).subspan(static_cast<std::size_t>(i * width), static_cast<std::size_t>(width)));
  }

  Outputs run() const {
    Outputs out{std::vector<float>(x.size()), std::vector<float>(x.size()),
                std::vector<float>(static_cast<std::size_t>(rows)), std::vector<float>(x.size())};
    rms_norm(norm, x.data(), rows, out.y.data(), out.normalised.data(), out.inverse_rms.data());
    rms_norm_backward(norm, dy.data(), out.normalised.data(), out.inverse_rms.data(), rows, out.dx.data());
    return out;
  }
};

void expect_matches(const Case& c) {
  SCOPED_TRACE(testing::Message() << c.rows << " rows of " << c.width);
  const Outputs out = c.run();
  const Values weight = test::to_double(c.norm.weight);
  const double scale = 1 + test::norm(weight);
  for (std::int64_t i = 0; i < c.rows; ++i) {
    const auto row = [&](const std::vector<float>& values) {
      return std::span(values).subspan(static_cast<std::size_t>(i * c.width),
                                       static_cast<std::size_t>(c.width));
    };
    const Values x = c.row(c.x, i), dy = c.row(c.dy, i);
    ASSERT_TRUE(test::near(row(out.y), reference::rms_norm(x, weight, kNormEpsilon), 16 * kEpsilon * scale));
    const Values want = reference::finite_differences(x, 1e-6, [&](const Values& values) {
      const Values y = reference::rms_norm(values, weight, kNormEpsilon);
      double loss = 0;
      for (std::size_t j = 0; j < y.size(); ++j) loss += y[j] * dy[j];
      return loss;
    });
    const auto inverse = static_cast<double>(out.inverse_rms[static_cast<std::size_t>(i)]);
    const double differences = 1e-8 * (1 + std::pow(inverse, 3));
    ASSERT_TRUE(
        test::near(row(out.dx), want, (8 * kEpsilon * inverse + differences) * scale * (1 + test::norm(dy))));
  }
}

TEST(RmsNorm, MatchesReferenceAndDifferences) {
  test::for_each_instruction_set([] {
    for (std::int64_t width = 2; width <= 70; ++width) expect_matches(Case(3, width));
    for (const std::int64_t rows : {1, 31, 33, 100, 333}) expect_matches(Case(rows, 13));
    expect_matches(Case(1, 576));
  });
}

TEST(RmsNorm, InPlaceAndWithoutWhatBackwardNeeds) {
  for (const std::int64_t width : {7, 64, 70}) {
    const Case c(33, width);
    const Outputs out = c.run();
    std::vector<float> y = c.x, dx = c.dy;
    rms_norm(c.norm, y.data(), 33, y.data(), nullptr, nullptr);
    EXPECT_EQ(y, out.y);
    rms_norm_backward(c.norm, dx.data(), out.normalised.data(), out.inverse_rms.data(), 33, dx.data());
    EXPECT_EQ(dx, out.dx);
  }
}

TEST(RmsNorm, KeptInBf16) {
  test::for_each_instruction_set([] {
    for (const std::int64_t width : {2, 7, 16, 70, 576}) {
      const Case c(33, width);
      const Outputs exact = c.run();
      const test::Bf16 rounded(exact.normalised);
      std::vector<float> y(c.x.size()), inverse(33), dx(c.x.size()), want = dx;
      std::vector<std::uint16_t> halves(c.x.size());
      rms_norm(c.norm, c.x.data(), 33, y.data(), {nullptr, halves.data()}, inverse.data());
      EXPECT_EQ(y, exact.y);
      EXPECT_EQ(inverse, exact.inverse_rms);
      EXPECT_EQ(halves, rounded.halves);
      rms_norm_backward(c.norm, c.dy.data(), {nullptr, halves.data()}, inverse.data(), 33, dx.data());
      rms_norm_backward(c.norm, c.dy.data(), rounded.values.data(), inverse.data(), 33, want.data());
      EXPECT_EQ(dx, want);
    }
  });
}

TEST(RmsNorm, Deterministic) {
  const Case c(333, 384);
  test::expect_deterministic([&] { return c.run(); });
}

}  // namespace
}  // namespace incipit
