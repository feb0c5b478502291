#include "experiment/trial_file.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace incipit {
namespace {

MeasuredTrial example_trial() {
  MeasuredTrial trial;
  trial.trainable_parameters = 962;
  trial.all_parameters = 22'713'216;
  trial.drawn_head = true;
  TrialRecord& record = trial.record;
  record.seed = UINT64_MAX;
  record.step_losses = {0.7, 0.1 + 0.2};
  record.epochs.resize(2);
  record.epochs[0].train_loss = 0.5;
  record.epochs[1].eval.emplace();
  record.epochs[1].eval->classes.resize(2);
  record.epochs[1].eval->confusion = {{1, 2}, {3, 4}};
  record.epochs[1].best = true;
  record.best_epoch = 1;
  record.test.accuracy = 1.0 / 3;
  record.test.accuracy_interval = {0.25, 0.75};
  record.test.collapsed_to = 1;
  record.test.loss = std::numeric_limits<double>::quiet_NaN();
  record.correct = {1, 0, 1};
  record.most_wrong = {{"7", "quo\"ted\n\x1f text", 0, 1, 0.99}};
  record.train_seconds = 1.5;
  record.peak_bytes = std::int64_t{5} << 32;
  record.prompt.emplace();
  record.prompt->tokens.resize(1);
  record.prompt->tokens[0].nearest = {{12, "good", 0.5, 1.25}};
  record.prompt->similarity = {{1.0}};
  record.prompt->attention = {{3, {0.25}, 0.5, 0.25}};
  record.prompt->comparable = false;
  record.found_words = {{" bad", " dull"}, {" good"}};
  return trial;
}

TEST(TrialFile, ReadsBackWhatItWrites) {
  const MeasuredTrial trial = example_trial();
  const std::string text = trial_to_json(trial);
  const auto again = trial_from_json(text);
  ASSERT_TRUE(again) << text;
  EXPECT_EQ(trial_to_json(*again), text);
  EXPECT_EQ(again->trainable_parameters, 962);
  EXPECT_TRUE(again->drawn_head);
  const TrialRecord &a = trial.record, &b = again->record;
  EXPECT_EQ(b.seed, a.seed);
  EXPECT_EQ(b.step_losses, a.step_losses);
  EXPECT_FALSE(b.epochs[0].eval);
  EXPECT_EQ(b.epochs[1].eval->confusion, a.epochs[1].eval->confusion);
  EXPECT_EQ(b.test.accuracy, a.test.accuracy);
  EXPECT_EQ(b.test.accuracy_interval.high, 0.75);
  EXPECT_EQ(b.test.collapsed_to, a.test.collapsed_to);
  EXPECT_TRUE(std::isnan(b.test.loss));
  EXPECT_EQ(b.correct, a.correct);
  EXPECT_EQ(b.most_wrong[0].text, a.most_wrong[0].text);
  EXPECT_EQ(b.peak_bytes, a.peak_bytes);
  EXPECT_EQ(b.prompt->tokens[0].nearest[0].piece, "good");
  EXPECT_EQ(b.prompt->attention[0].virtual_tokens, a.prompt->attention[0].virtual_tokens);
  EXPECT_EQ(b.found_words, a.found_words);
}

TEST(TrialFile, ReadsFilesOfBeforeWordsWereKept) {
  MeasuredTrial trial = example_trial();
  trial.record.found_words.clear();
  const std::string text = trial_to_json(trial);
  EXPECT_EQ(text.find("found_words"), std::string::npos) << text;
  const auto again = trial_from_json(text);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->record.found_words.empty());
}

TEST(TrialFile, RefusesWhatIsNotOne) {
  const std::string text = trial_to_json(example_trial());
  const auto with = [&text](const std::string& from, const std::string& to) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    return trial_from_json(changed);
  };
  EXPECT_TRUE(with("\"drawn_head\":true", "\"drawn_head\":false"));
  EXPECT_FALSE(with("\"drawn_head\":true", "\"drawn_head\":1"));
  EXPECT_FALSE(with("\"drawn_head\":true", "\"other\":true"));
  EXPECT_FALSE(with("\"correct\":[1,0,1]", "\"correct\":[1,\"0\",1]"));
  EXPECT_FALSE(with("\"correct\":[1,0,1]", "\"correct\":1"));
  EXPECT_FALSE(with("\"found_words\":[[", "\"found_words\":[3,["));
  for (const char* other : {"", "[]", "null", "3", "{}", "{\"record\":[]}"})
    EXPECT_FALSE(trial_from_json(other)) << other;
  EXPECT_FALSE(trial_from_json(std::string_view(text).substr(0, text.size() / 2)));
}

}  // namespace
}  // namespace incipit
