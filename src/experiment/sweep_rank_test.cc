#include "experiment/sweep_rank.h"

#include <gtest/gtest.h>

#include "experiment/test_comparison.h"

namespace incipit {
namespace {

/// 100 examples, the first half of class 0.
std::vector<int> truth() {
  std::vector<int> labels(100, 1);
  std::fill_n(labels.begin(), 50, 0);
  return labels;
}

/// Answers all but `wrong` examples rightly, those from `first` on wrongly.
TrialRecord answers(std::uint64_t seed, std::size_t wrong, std::size_t first = 0) {
  TrialRecord trial = trial_of(seed, static_cast<std::int64_t>(100 - wrong));
  trial.predicted = truth();
  for (std::size_t i = first; i < first + wrong; ++i) trial.predicted[i] = 1 - trial.predicted[i];
  return trial;
}

std::vector<std::size_t> order(const std::vector<RankedSetting>& settings) {
  std::vector<std::size_t> runs;
  for (const RankedSetting& setting : settings) runs.push_back(setting.run);
  return runs;
}

std::vector<RankedSetting> rank(std::vector<RunRecord> runs, std::size_t seeds,
                                const std::string& metric = "accuracy") {
  return rank_settings(comparison_of(std::move(runs)), metric, truth(), seeds);
}

TEST(SweepRank, TheLargestMeanComesFirstAndTheEarlierOfEquals) {
  const auto settings =
      rank({run_of("a", {answers(0, 20), answers(1, 30)}), run_of("b", {answers(0, 10), answers(1, 12)}),
            run_of("c", {answers(0, 30), answers(1, 20)})},
           2);
  EXPECT_EQ(order(settings), (std::vector<std::size_t>{1, 0, 2}));
  EXPECT_NEAR(settings[0].mean, 0.89, 1e-12);
  EXPECT_NEAR(settings[0].sd, 0.0141421, 1e-6);
  EXPECT_EQ(settings[0].best_trial, 0u);
  EXPECT_EQ(settings[2].best_trial, 1u);
  EXPECT_FALSE(settings[0].behind_best_interval);
  EXPECT_NEAR(settings[1].behind_best, 0.14, 1e-12);
  EXPECT_DOUBLE_EQ(settings[0].train_seconds, 2);
}

TEST(SweepRank, ASettingWithoutAllSeedsIsNotTheBest) {
  const auto settings =
      rank({run_of("a", {answers(0, 1)}), run_of("b", {answers(0, 30), answers(1, 30)})}, 2);
  EXPECT_EQ(order(settings), (std::vector<std::size_t>{1, 0}));
  EXPECT_TRUE(settings[0].complete);
  EXPECT_FALSE(settings[1].complete);
}

TEST(SweepRank, ALossIsBetterWhereItIsSmall) {
  RunRecord low = run_of("low", {answers(0, 30)}), high = run_of("high", {answers(0, 10)});
  low.trials[0].test.loss = 0.2;
  high.trials[0].test.loss = 0.5;
  const auto settings = rank({high, low}, 1, "loss");
  EXPECT_EQ(order(settings), (std::vector<std::size_t>{1, 0}));
  EXPECT_DOUBLE_EQ(settings[0].mean, 0.2);
  EXPECT_NEAR(settings[1].behind_best, 0.3, 1e-12);
  EXPECT_FALSE(settings[1].behind_best_interval) << "one seed, and labels do not tell a loss";
}

TEST(SweepRank, TextsAnsweredAlikeTellMoreThanOthers) {
  // Ten errors more. On top of the same errors they are hardly chance; with errors on other texts they may
  // be.
  const auto same = rank({run_of("a", {answers(0, 20)}), run_of("b", {answers(0, 30)})}, 1);
  EXPECT_TRUE(same[1].is_clearly_behind);
  EXPECT_NEAR(same[1].behind_best_interval->low, 0.1 - 1.96 * 0.03, 0.005);  // sqrt(0.1 × 0.9 / 100)
  const auto other = rank({run_of("a", {answers(0, 20)}), run_of("b", {answers(0, 30, 50)})}, 1);
  EXPECT_FALSE(other[1].is_clearly_behind);
  EXPECT_LT(other[1].behind_best_interval->low, 0);
}

TEST(SweepRank, SeedsThatDisagreeMakeTheIntervalWide) {
  const std::vector<TrialRecord> steady{answers(0, 20), answers(1, 20)};
  const auto calm = rank({run_of("a", steady), run_of("b", {answers(0, 30), answers(1, 30)})}, 2);
  const auto wild = rank({run_of("a", steady), run_of("b", {answers(0, 20), answers(1, 40)})}, 2);
  EXPECT_NEAR(calm[1].behind_best, wild[1].behind_best, 1e-12);
  EXPECT_TRUE(calm[1].is_clearly_behind);
  EXPECT_FALSE(wild[1].is_clearly_behind);
  // One degree of freedom: sd 0.1414 / sqrt(2) seeds, by 12.7.
  EXPECT_GT(wild[1].behind_best_interval->high - wild[1].behind_best, 1.27);
}

TEST(SweepRank, EveryMetricOfLabelsHasAnInterval) {
  for (const char* metric : {"accuracy", "f1", "f1_micro", "f1_macro", "matthews"}) {
    const auto settings = rank({run_of("a", {answers(0, 20)}), run_of("b", {answers(0, 30)})}, 1, metric);
    EXPECT_TRUE(settings[1].behind_best_interval) << metric;
  }
}

}  // namespace
}  // namespace incipit
