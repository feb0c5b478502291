#include <limits>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "experiment/test_comparison.h"

namespace incipit {
namespace {

TEST(ComparisonJson, HasEverything) {
  RunRecord run = run_of("a", {trial_of(7, 70), trial_of(8, 74)});
  run.settings = {{"method", "prompt"}, {"lr", "0.001"}};
  run.trials[0].prompt.emplace().random_cosine = 0.25;
  run.trials[0].epochs.resize(1);
  const auto json = nlohmann::json::parse(comparison_to_json(comparison_of({run})));
  EXPECT_EQ(json["title"], "Reviews");
  EXPECT_EQ(json["labels"][1], "good");
  EXPECT_EQ(json["test_examples"], 100);
  EXPECT_EQ(json["majority_accuracy"], 0.51);
  const auto& first = json["runs"][0];
  EXPECT_EQ(first["settings"]["lr"], "0.001");
  EXPECT_EQ(first["trainable_parameters"], 1'061'890);
  EXPECT_NEAR(first["summary"]["accuracy"]["mean"].get<double>(), 0.72, 1e-12);
  EXPECT_EQ(first["trials"][1]["seed"], 8);
  EXPECT_EQ(first["trials"][0]["correct"].size(), 100u);
  EXPECT_TRUE(first["trials"][0]["epochs"][0]["eval"].is_null());
  EXPECT_EQ(first["trials"][0]["prompt"]["random_cosine"], 0.25);
  EXPECT_TRUE(first["trials"][1]["prompt"].is_null());
}

TEST(ComparisonJson, IsValidWhateverTheTextsAndFigures) {
  RunRecord run = run_of("\xFF</script>\x01", {trial_of(0, 70)});
  run.trials[0].most_wrong = {{"1", "caf\xE9 \"quoted\"\n", 0, 1, 0.9}};
  run.trials[0].step_losses = {std::numeric_limits<double>::quiet_NaN(),
                               std::numeric_limits<double>::infinity()};
  const auto json = nlohmann::json::parse(comparison_to_json(comparison_of({run})));
  EXPECT_EQ(json["runs"][0]["trials"][0]["most_wrong"][0]["text"], "caf\xEF\xBF\xBD \"quoted\"\n");
  EXPECT_TRUE(json["runs"][0]["trials"][0]["step_losses"][1].is_null());
}

}  // namespace
}  // namespace incipit
