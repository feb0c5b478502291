#include "tune/schedule.h"

#include <gtest/gtest.h>

namespace incipit {
namespace {

TEST(Schedule, LinearWithFractionalWarmup) {
  // 30 steps, warm-up 1.8, as PEFT's example passes it.
  EXPECT_DOUBLE_EQ(schedule_factor(Schedule::linear, 0, 1.8, 30), 0.0);
  EXPECT_DOUBLE_EQ(schedule_factor(Schedule::linear, 1, 1.8, 30), 1.0 / 1.8);
  EXPECT_DOUBLE_EQ(schedule_factor(Schedule::linear, 2, 1.8, 30), 28.0 / 28.2);
  EXPECT_DOUBLE_EQ(schedule_factor(Schedule::linear, 29, 1.8, 30), 1.0 / 28.2);
  EXPECT_DOUBLE_EQ(schedule_factor(Schedule::linear, 31, 1.8, 30), 0.0);
}

TEST(Schedule, WarmupBelowOneStepDividesByOne) {
  EXPECT_DOUBLE_EQ(schedule_factor(Schedule::linear, 0, 0.5, 10), 0.0);
  EXPECT_DOUBLE_EQ(schedule_factor(Schedule::linear, 0, 0.0, 10), 1.0);
}

TEST(Schedule, CosineAndConstant) {
  EXPECT_DOUBLE_EQ(schedule_factor(Schedule::cosine, 0, 0, 10), 1.0);
  EXPECT_NEAR(schedule_factor(Schedule::cosine, 5, 0, 10), 0.5, 1e-12);
  EXPECT_DOUBLE_EQ(schedule_factor(Schedule::constant, 9, 2, 10), 1.0);
  EXPECT_DOUBLE_EQ(schedule_factor(Schedule::constant, 1, 2, 10), 0.5);
}

}  // namespace
}  // namespace incipit
