#include "eval/interval.h"

#include <cmath>

#include <gtest/gtest.h>

#include "eval/calibration.h"

namespace incipit {
namespace {

TEST(StudentT, IsWhatTablesSay) {
  EXPECT_NEAR(student_t(1), 12.706, 1e-3);
  EXPECT_NEAR(student_t(4), 2.776, 1e-3);
  EXPECT_NEAR(student_t(10), 2.228, 3e-3);
  EXPECT_NEAR(student_t(30), 2.042, 1e-3);
  EXPECT_NEAR(student_t(1e6), 1.960, 1e-3);
  EXPECT_EQ(student_t(0.2), student_t(1));
  EXPECT_NEAR(student_t(1.5), 6.017, 0.2);
  EXPECT_NEAR(student_t(2.5), 3.575, 0.02);
  for (double degrees = 1; degrees < 20; degrees += 0.25)
    EXPECT_GT(student_t(degrees), student_t(degrees + 0.1)) << degrees;
}

TEST(Wilson, EndsAreWhereTheScoreTestTurns) {
  // By definition the ends are the proportions that lie 1.96 of their own standard deviations from what was
  // seen.
  for (const auto& [successes, count] : {std::pair{7, 10}, {1, 50}, {288, 408}, {99, 100}}) {
    const Interval interval = wilson_interval(successes, count);
    const double seen = static_cast<double>(successes) / count;
    for (const double end : {interval.low, interval.high})
      EXPECT_NEAR(std::abs(seen - end) / std::sqrt(end * (1 - end) / count), 1.959963984540054, 1e-9);
    EXPECT_LT(interval.low, seen);
    EXPECT_GT(interval.high, seen);
  }
}

TEST(Wilson, StaysWithinZeroAndOne) {
  EXPECT_EQ(wilson_interval(0, 10).low, 0);
  EXPECT_GT(wilson_interval(0, 10).high, 0);
  EXPECT_LE(wilson_interval(10, 10).high, 1);
  EXPECT_NEAR(wilson_interval(10, 10).high, 1, 1e-12);
  EXPECT_EQ(wilson_interval(0, 0).high, 0);
}

TEST(Percentiles, AreInterpolated) {
  std::vector<double> values;
  for (int i = 0; i <= 100; ++i) values.push_back(100 - i);
  const Interval interval = percentile_interval(values);
  EXPECT_DOUBLE_EQ(interval.low, 2.5);
  EXPECT_DOUBLE_EQ(interval.high, 97.5);
  EXPECT_EQ(percentile_interval({3}).low, 3);
}

TEST(Calibration, OneBinByHand) {
  const std::vector<float> confidences{0.75f, 0.75f, 0.75f, 0.75f};
  EXPECT_NEAR(calibration_error(confidences, std::vector<char>{1, 1, 1, 0}), 0, 1e-12);
  EXPECT_NEAR(calibration_error(confidences, std::vector<char>{1, 0, 0, 0}), 0.5, 1e-12);
  // Two bins that err in opposite directions do not cancel.
  EXPECT_NEAR(calibration_error(std::vector<float>{0.5f, 1.0f}, std::vector<char>{1, 0}), 0.75, 1e-12);
  EXPECT_EQ(calibration_error({}, {}), 0);
  EXPECT_NEAR(calibration_error(std::vector<float>{0.0f}, std::vector<char>{1}), 1, 1e-12);
}

TEST(LogLoss, IsBounded) {
  EXPECT_NEAR(log_loss(0.5f), std::log(2.0), 1e-12);
  EXPECT_NEAR(log_loss(0.0f), 15.9424, 1e-4);
  EXPECT_GE(log_loss(1.0f), 0);
  EXPECT_LT(log_loss(1.0f), 1e-6);
}

}  // namespace
}  // namespace incipit
