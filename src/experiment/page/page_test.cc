#include <gtest/gtest.h>

#include "experiment/page/learning_view.h"
#include "experiment/test_comparison.h"

namespace incipit {
namespace {

/// One token near a word and one that is noise.
PromptInspection two_tokens() {
  PromptInspection prompt;
  prompt.random_cosine = 0.15;
  prompt.random_cosine_high = 0.2;
  prompt.median_word_norm = 1.5;
  prompt.tokens.resize(2);
  prompt.tokens[0].nearest = {{1, "lovely", 0.7, 1}};
  prompt.tokens[1].nearest = {{2, "random", 0.2, 1}};
  return prompt;
}

std::string page_of(PromptInspection prompt) {
  RunRecord run = run_of("a", {trial_of(0, 70)});
  run.trials[0].prompt = std::move(prompt);
  return comparison_page(comparison_of({run}));
}

std::size_t count(const std::string& page, std::string_view part) {
  std::size_t times = 0;
  for (std::size_t at = page.find(part); at != std::string::npos; at = page.find(part, at + 1)) ++times;
  return times;
}

TEST(ComparisonPage, ATokenNoNearerThanChanceIsCalledNoise) {
  const std::string page = page_of(two_tokens());
  EXPECT_EQ(count(page, "noise: no nearer than chance"), 1u);
  EXPECT_LT(page.find("lovely"), page.find("noise: no nearer than chance"));
  EXPECT_LT(page.find("noise: no nearer than chance"), page.find("random</bdi>"));
}

TEST(ComparisonPage, HiddenStatesAreNotComparedWithWords) {
  PromptInspection late = two_tokens();
  late.comparable = false;
  late.insert_layer = 6;
  late.near_words = {{"lovely", 0, 0}};
  const std::string page = page_of(late);
  EXPECT_NE(page.find("joins at layer 6"), std::string::npos);
  EXPECT_EQ(page.find("lovely"), std::string::npos);
  EXPECT_EQ(page.find("word-map\""), std::string::npos);
}

TEST(ComparisonPage, WhatWasNotMeasuredIsLeftOut) {
  PromptInspection prompt = two_tokens();
  prompt.movement = {{0.1, 0.2}};
  const std::string page = page_of(prompt);
  for (const char* chart : {"chart attention", "chart removal", "chart movement", "chart similarity",
                            "chart loss", "chart metrics"})
    EXPECT_EQ(page.find(chart), std::string::npos) << chart;
  EXPECT_NE(page.find("Not trained: there is no curve"), std::string::npos);
  EXPECT_NE(comparison_page(comparison_of({})).find("No trial was finished."), std::string::npos);
}

TEST(ComparisonPage, NeedsNothingAndRunsNothing) {
  const std::string page = page_of(two_tokens());
  EXPECT_TRUE(page.starts_with("<!doctype html>"));
  EXPECT_NE(page.find("content=\"default-src 'none'; style-src 'unsafe-inline'\""), std::string::npos);
  for (const char* part : {"http://", "https://", "<script", "url(", "{{"})
    EXPECT_EQ(page.find(part), std::string::npos) << part;
}

TEST(ComparisonPage, TextsAreNotLookedThroughForPlaceholders) {
  Comparison comparison = comparison_of({run_of("a", {trial_of(0, 70)})});
  comparison.title = "{{sections}} {{machine}}";
  comparison.machine = "the only machine";
  EXPECT_EQ(count(comparison_page(comparison), "the only machine"), 1u);
}

TEST(ComparisonPage, AWrongTextIsThereOnceWithTheNumberOfItsSeeds) {
  RunRecord run = run_of("a", {trial_of(0, 70), trial_of(1, 70)});
  run.trials[0].most_wrong = {{"1", "dull thing", 0, 1, 0.8}};
  run.trials[1].most_wrong = {{"1", "dull thing", 0, 1, 0.95}, {"2", "other", 0, 1, 0.9}};
  const std::string page = comparison_page(comparison_of({run}));
  EXPECT_EQ(count(page, "dull thing"), 1u);
  EXPECT_EQ(count(page, "95.0 %"), 1u) << "the surest one";
  EXPECT_EQ(count(page, ">2 seeds<"), 1u);
  EXPECT_LT(page.find("dull thing"), page.find("other<"));
}

TEST(ComparisonPage, LongCurvesAreThinnedToMeans) {
  std::vector<double> steps;
  for (int i = 1; i <= 10; ++i) steps.push_back(i);
  const std::vector<std::pair<double, double>> expected{{2, 2}, {5, 5}, {8, 8}, {10, 10}};
  EXPECT_EQ(thinned(steps, 4), expected) << "a step's number is its value here";
  EXPECT_EQ(thinned(steps, 10).size(), 10u);
  EXPECT_TRUE(thinned({}, 10).empty());
}

}  // namespace
}  // namespace incipit
