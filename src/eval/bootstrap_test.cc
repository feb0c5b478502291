#include "eval/bootstrap.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "base/parallel.h"
#include "base/rng.h"
#include "eval/interval.h"

namespace incipit {
namespace {

struct Sampled {
  std::vector<int> labels, predictions;
};

Sampled draw(std::size_t count, int classes, std::uint64_t seed) {
  Rng rng(seed);
  Sampled sampled;
  for (std::size_t i = 0; i < count; ++i) {
    sampled.labels.push_back(static_cast<int>(rng.below(static_cast<std::uint64_t>(classes))));
    sampled.predictions.push_back(rng.uniform() < 0.7 ? sampled.labels.back() : 0);
  }
  return sampled;
}

TEST(Bootstrap, DependsOnTheSeedAlone) {
  const Sampled sampled = draw(301, 3, 1);
  const Interval first = bootstrap_f1(sampled.labels, sampled.predictions, 3, 5);
  const int threads = num_threads();
  for (const int count : {1, 3}) {
    set_num_threads(count);
    const Interval again = bootstrap_f1(sampled.labels, sampled.predictions, 3, 5);
    EXPECT_EQ(again.low, first.low);
    EXPECT_EQ(again.high, first.high);
  }
  set_num_threads(threads);
  EXPECT_NE(bootstrap_f1(sampled.labels, sampled.predictions, 3, 6).low, first.low);
}

TEST(Bootstrap, SureAnswersHaveNoSpread) {
  const std::vector<int> labels{0, 1, 1, 0, 1, 1, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 0, 1, 1, 1};
  const Interval interval = bootstrap_f1(labels, labels, 2, 0);
  EXPECT_EQ(interval.low, 1.0);
  EXPECT_EQ(interval.high, 1.0);
  EXPECT_EQ(bootstrap_f1({}, {}, 2, 0).high, 0.0);
}

TEST(Bootstrap, NarrowsWithTheRootOfTheCount) {
  const Sampled few = draw(1'000, 2, 2), many = draw(100'000, 2, 2);
  const Interval wide = bootstrap_f1(few.labels, few.predictions, 2, 0);
  const Interval narrow = bootstrap_f1(many.labels, many.predictions, 2, 0);
  EXPECT_NEAR((wide.high - wide.low) / (narrow.high - narrow.low), 10, 2);
}

TEST(Bootstrap, CoversTheTruthAsOftenAsItSays) {
  // Of the drawn data: class 1 has recall 0.7 and is never named wrongly, so F1 is 2 * 0.7 / 1.7.
  int covered = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Sampled sampled = draw(400, 2, 1000 + seed);
    const Interval interval = bootstrap_f1(sampled.labels, sampled.predictions, 2, seed);
    covered += interval.low <= 1.4 / 1.7 && 1.4 / 1.7 <= interval.high;
  }
  EXPECT_GE(covered, 178) << "four standard deviations below 95 % of 200";
  EXPECT_LE(covered, 199);
}

TEST(Bootstrap, DrawsOfAMetricAreThoseOfItsInterval) {
  const Sampled sampled = draw(301, 2, 1);
  const Interval f1 = bootstrap_f1(sampled.labels, sampled.predictions, 2, 5);
  const Interval drawn =
      percentile_interval(bootstrap_metric(sampled.labels, sampled.predictions, 2, "f1", 5));
  EXPECT_EQ(drawn.low, f1.low);
  EXPECT_EQ(drawn.high, f1.high);
  EXPECT_TRUE(bootstrap_metric(sampled.labels, sampled.predictions, 2, "loss", 5).empty());
}

TEST(Bootstrap, DrawsOfTwoPredictorsArePaired) {
  // One is wrong where the other is and on one text more: each draw is worse by that text's share, or equal.
  const std::size_t count = 50;
  const std::vector<int> labels(count, 1);
  std::vector<int> better(count, 1), worse(count, 1);
  for (std::size_t i = 0; i < 10; ++i) better[i] = worse[i] = 0;
  worse[10] = 0;
  const std::vector<double> a = bootstrap_metric(labels, better, 2, "accuracy", 3);
  const std::vector<double> b = bootstrap_metric(labels, worse, 2, "accuracy", 3);
  ASSERT_EQ(a.size(), b.size());
  double difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_GE(a[i], b[i]);
    difference += (a[i] - b[i]) / static_cast<double>(a.size());
  }
  EXPECT_NEAR(difference, 1.0 / static_cast<double>(count), 0.003);
}

TEST(Bootstrap, OfAMeanIsAsWideAsItsStandardError) {
  Rng rng(8);
  std::vector<double> values;
  double mean = 0, squares = 0;
  for (int i = 0; i < 2000; ++i) values.push_back(rng.normal());
  for (const double value : values) mean += value / 2000;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const double half = 1.96 * std::sqrt(squares / 1999 / 2000);
  const Interval interval = bootstrap_mean(values, 3);
  // Percentiles of a thousand draws: each is off by some 4 % of the half width.
  EXPECT_NEAR(interval.low, mean - half, 0.15 * half);
  EXPECT_NEAR(interval.high, mean + half, 0.15 * half);
  EXPECT_EQ(interval.low, bootstrap_mean(values, 3).low);
  EXPECT_NE(interval.low, bootstrap_mean(values, 4).low);
}

TEST(Bootstrap, OfAMeanKnowsSkewAndSameness) {
  std::vector<double> values(100, 0.0);
  values[7] = 1;
  const Interval skewed = bootstrap_mean(values, 0);
  EXPECT_EQ(skewed.low, 0) << "a resample may miss the one";
  EXPECT_GT(skewed.high, 0.02);
  const Interval same = bootstrap_mean(std::vector<double>(50, 0.25), 0);
  EXPECT_EQ(same.low, 0.25);
  EXPECT_EQ(same.high, 0.25);
  EXPECT_EQ(bootstrap_mean({}, 0).high, 0);
}

}  // namespace
}  // namespace incipit
