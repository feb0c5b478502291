#include "experiment/page/scale.h"

#include <limits>

#include <gtest/gtest.h>

namespace incipit {
namespace {

using Values = std::vector<double>;

TEST(Scale, MapsLinearly) {
  const Scale y({10, 20}, 200, 0);
  EXPECT_EQ(y(10), 200);
  EXPECT_EQ(y(15), 100);
  EXPECT_EQ(y(20), 0);
}

TEST(Scale, RangeHoldsTheFiniteValues) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const Range range = range_of(Values{1, std::numeric_limits<double>::quiet_NaN(), 3, kInfinity, -kInfinity});
  EXPECT_NEAR(range.low, 0.9, 1e-12);
  EXPECT_NEAR(range.high, 3.1, 1e-12);
  for (const Values& values :
       {Values{}, Values{0}, Values{7, 7}, Values{-2}, Values{-1e308, 1e308}, Values{kInfinity}}) {
    const Range any = range_of(values);
    EXPECT_LT(any.low, any.high);
    EXPECT_LT(any.high - any.low, kInfinity);
  }
}

TEST(Scale, TicksAreRound) {
  EXPECT_EQ(ticks({0, 1}, 5), (Values{0, 0.2, 0.4, 0.6000000000000001, 0.8, 1}));
  EXPECT_EQ(ticks({-3, 520}, 6), (Values{0, 100, 200, 300, 400, 500}));
  EXPECT_EQ(ticks({-0.2, 3.2}, 6, 1), (Values{0, 1, 2, 3}));
  EXPECT_EQ(ticks({-1, 1}, 6, 1), (Values{-1, 0, 1})) << "one epoch";
  EXPECT_EQ(ticks({0.4, 1.6}, 6, 1), (Values{1})) << "one token";
  for (const Range& range :
       {Range{1e-12, 2e-12}, Range{-1e300, 1e300}, Range{0.4999, 0.5001}, Range{12344.9, 12345.1}}) {
    const Values some = ticks(range, 5);
    EXPECT_GE(some.size(), 2u);
    EXPECT_LE(some.size(), 11u);
    EXPECT_GE(some.front(), range.low - (range.high - range.low) * 1e-6);
    EXPECT_LE(some.back(), range.high + (range.high - range.low) * 1e-6);
  }
}

TEST(Scale, TickLabelsTellTicksApart) {
  const Values fine = ticks({0.71, 0.735}, 5);
  EXPECT_EQ(tick_label(fine[0], fine), "0.710");
  EXPECT_EQ(tick_label(fine[1], fine), "0.715");
  EXPECT_EQ(tick_label(0.6000000000000001, ticks({0, 1}, 5)), "0.6");
  EXPECT_EQ(tick_label(200, Values{0, 200}), "200");
  EXPECT_EQ(tick_label(2.5e7, Values{0, 2.5e7}), "2.5e+07");
}

}  // namespace
}  // namespace incipit
