#include "incipit/sweep.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "experiment/sweep_rank.h"
#include "experiment/test_comparison.h"

namespace incipit {
namespace {

using Grid = std::vector<std::vector<std::string>>;

const std::vector<SweepAxis> kAxes = {
    {"insert-layer", {"3", "4"}}, {"init", {"vocab"}}, {"lr", {"0.01", "0.1"}}};

TEST(SweepGrid, TheLastAxisChangesFastest) {
  EXPECT_EQ(
      sweep_grid(kAxes),
      (Grid{{"3", "vocab", "0.01"}, {"3", "vocab", "0.1"}, {"4", "vocab", "0.01"}, {"4", "vocab", "0.1"}}));
  EXPECT_EQ(sweep_grid({}), Grid(1));
}

TEST(SweepGrid, ANameSaysWhatDiffers) {
  EXPECT_EQ(setting_name(kAxes, sweep_grid(kAxes)[1]), "insert-layer 3, lr 0.1");
  EXPECT_EQ(setting_name({}, {}), "the only setting");
}

/// Two settings of 100 texts: all right but 10, and all but 12 or 60.
SweepResult result(std::int64_t other) {
  const std::vector<int> truth(100, 1);
  const auto trial = [&](std::uint64_t seed, std::int64_t right) {
    TrialRecord record = trial_of(seed, right);
    record.predicted = record.correct;
    return record;
  };
  SweepResult sweep;
  sweep.axes = {{"lr", {"0.01", "0.1"}}, {"init", {"vocab"}}};
  sweep.metric = "accuracy";
  sweep.validation = comparison_of({run_of("lr 0.01", {trial(0, other), trial(1, other)}),
                                    run_of("lr 0.1", {trial(0, 89), trial(1, 91)})});
  sweep.settings = rank_settings(sweep.validation, sweep.metric, truth, 2);
  for (RankedSetting& setting : sweep.settings) setting.grid = {setting.run == 0 ? "0.01" : "0.1", "vocab"};
  return sweep;
}

TEST(FormatSweep, ALineASettingBestFirst) {
  // Half of the interval: texts 1.96 × 0.05, seeds 12.7 × 0.0141 / √2, together about 0.160.
  EXPECT_EQ(
      format_sweep(result(40)),
      "Reviews\n"
      "reviews.tsv, 100 validation texts; best mean accuracy first\n"
      "\n"
      "   lr           accuracy     behind the best (95 %)  seeds  seconds\n"
      "*  0.1   0.9000 ± 0.0141                                 2     2.00\n"
      "   0.01  0.4000 ± 0.0000  0.5000 (0.3397 to 0.6603)      2     2.00\n"
      "\n"
      "always 'good': accuracy 0.5100\n"
      "* the best. Its figure is too good: it is the largest of all. A test set says what it is worth.\n"
      "Every other setting is clearly behind it.\n");
}

TEST(FormatSweep, SaysWhatCannotBeToldFromTheBest) {
  const std::string table = format_sweep(result(88));
  EXPECT_NE(table.find("\n=  0.01  0.8800"), std::string::npos) << table;
  EXPECT_NE(
      table.find("= not distinguishable from the best (1 of the 1 others): with other texts to choose by and "
                 "other seeds it might be the better one."),
      std::string::npos)
      << table;
}

TEST(FormatSweep, WithoutAFinishedSettingThereIsNoBest) {
  SweepResult sweep = result(88);
  for (RankedSetting& setting : sweep.settings) setting.complete = false;
  EXPECT_EQ(sweep.best(), nullptr);
  const std::string table = format_sweep(sweep);
  EXPECT_EQ(table.find('*'), std::string::npos) << table;
  EXPECT_NE(table.find("No setting was finished"), std::string::npos) << table;
}

TEST(SweepJson, HasRankingAndTest) {
  SweepResult sweep = result(40);
  auto json = nlohmann::json::parse(sweep_to_json(sweep));
  EXPECT_EQ(json["best"]["name"], "lr 0.1");
  EXPECT_EQ(json["best"]["seed"], 1);
  EXPECT_EQ(json["axes"]["lr"], (std::vector<std::string>{"0.01", "0.1"}));
  EXPECT_EQ(json["settings"][0]["flags"]["init"], "vocab");
  EXPECT_TRUE(json["settings"][0]["behind_best_interval"].is_null());
  EXPECT_EQ(json["settings"][1]["clearly_behind"], true);
  EXPECT_EQ(json["settings"][1]["seeds"][1]["value"], 0.4);
  EXPECT_TRUE(json["test"].is_null());
  sweep.test = sweep.validation;
  json = nlohmann::json::parse(sweep_to_json(sweep));
  EXPECT_EQ(json["test"]["runs"].size(), 2u);
}

}  // namespace
}  // namespace incipit
