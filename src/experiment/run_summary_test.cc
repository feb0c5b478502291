#include "experiment/run_summary.h"

#include <gtest/gtest.h>

#include "experiment/test_comparison.h"

namespace incipit {
namespace {

TEST(RunSummary, OfSeveralSeeds) {
  const Comparison comparison =
      comparison_of({run_of("a", {trial_of(0, 70), trial_of(1, 76), trial_of(2, 79)})});
  const RunSummary summary = summarize(comparison).at(0);
  EXPECT_NEAR(summary.accuracy.mean, 0.75, 1e-12);
  EXPECT_NEAR(summary.accuracy.sd, 0.045825757, 1e-8) << "of a sample: n - 1";
  EXPECT_EQ(summary.accuracy_interval.low, wilson_interval(75, 100).low) << "100 texts are not 300";
  EXPECT_EQ(summary.accuracy_interval.high, wilson_interval(75, 100).high);
  EXPECT_NEAR(summary.f1.mean, 0.74, 1e-12);
  EXPECT_EQ(summary.behind_best, 0);
}

TEST(RunSummary, OfOneSeedIsWhatWasMeasured) {
  const RunSummary summary = summarize(comparison_of({run_of("a", {trial_of(0, 70)})})).at(0);
  EXPECT_EQ(summary.accuracy.mean, 0.7);
  EXPECT_EQ(summary.accuracy.sd, 0);
  EXPECT_EQ(summary.accuracy_interval.low, wilson_interval(70, 100).low);
}

TEST(RunSummary, TheBestIsComparedTextByText) {
  const auto runs =
      summarize(comparison_of({run_of("worse", {trial_of(0, 60)}), run_of("best", {trial_of(0, 80)}),
                               run_of("as good", {trial_of(0, 80)})}));
  EXPECT_EQ(best_run(runs), 1u);
  EXPECT_NEAR(runs[0].behind_best, 0.2, 1e-12);
  // 20 texts differ by 1, 80 by 0: standard deviation sqrt((20 - 100 * 0.04) / 99).
  EXPECT_NEAR(runs[0].behind_best_interval.low, 0.2 - 1.959964 * 0.0402015, 0.0101);
  EXPECT_NEAR(runs[0].behind_best_interval.high, 0.2 + 1.959964 * 0.0402015, 0.0101);
  EXPECT_TRUE(runs[0].clearly_behind());
  EXPECT_FALSE(runs[1].clearly_behind());
  EXPECT_EQ(runs[2].behind_best_interval.high, 0) << "the same texts right";
  EXPECT_FALSE(runs[2].clearly_behind());
}

TEST(RunSummary, SeedsOfARunAreOneOpinionOfEachText) {
  // Of two texts one seed is right and one wrong: each counts as half a text behind.
  const auto runs = summarize(comparison_of(
      {run_of("best", {trial_of(0, 80)}), run_of("close", {trial_of(0, 78), trial_of(1, 80)})}));
  EXPECT_NEAR(runs[1].behind_best, 0.01, 1e-12);
  EXPECT_FALSE(runs[1].clearly_behind());
}

TEST(RunSummary, SeedsThatSayNothingOfTheTextsAreNotPaired) {
  TrialRecord short_one = trial_of(1, 50);
  short_one.correct.resize(7);
  const auto runs = summarize(
      comparison_of({run_of("best", {trial_of(0, 80)}), run_of("a", {trial_of(0, 50), short_one})}));
  EXPECT_EQ(runs[1].behind_best, 0);
  EXPECT_TRUE(summarize(comparison_of({})).empty());
}

}  // namespace
}  // namespace incipit
