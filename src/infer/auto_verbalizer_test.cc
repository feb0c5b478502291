#include "infer/auto_verbalizer.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/rng.h"
#include "infer/features.h"
#include "support/synthetic_model.h"
#include "support/test_folder.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;
using Ids = std::vector<std::int32_t>;

constexpr int kVocabulary = 60;

struct Row {
  int label;
  std::vector<float> logits;
};

/// Random logits of three labels' examples; words 10 + label are likelier after their label.
std::vector<Row> make_rows(double planted) {
  Rng rng(5);
  std::vector<Row> rows;
  for (int i = 0; i < 40; ++i) {
    Row& row = rows.emplace_back();
    row.label = i % 7 < 4 ? 0 : i % 7 < 6 ? 1 : 2;
    for (int id = 0; id < kVocabulary; ++id) row.logits.push_back(static_cast<float>(rng.normal()));
    row.logits[static_cast<std::size_t>(10 + row.label)] += static_cast<float>(planted);
  }
  return rows;
}

LabelWordSearch search_of(const std::vector<Row>& rows) {
  LabelWordSearch search(3, kVocabulary);
  for (const Row& row : rows) search.add(row.label, row.logits);
  return search;
}

double slow_log_probability(const Row& row, int id) {
  double sum = 0;
  for (const float logit : row.logits) sum += std::exp(static_cast<double>(logit));
  return std::log(std::exp(static_cast<double>(row.logits[static_cast<std::size_t>(id)])) / sum);
}

double slow_ratio(const std::vector<Row>& rows, int label, int id) {
  double own = 0, own_count = 0, others = 0, others_count = 0;
  for (const Row& row : rows) {
    (row.label == label ? own : others) += slow_log_probability(row, id);
    (row.label == label ? own_count : others_count) += 1;
  }
  return own / own_count - others / others_count;
}

TEST(LabelWordSearch, RatiosAreThoseOfThePlainDefinition) {
  const std::vector<Row> rows = make_rows(0);
  const LabelWordSearch search = search_of(rows);
  for (int label = 0; label < 3; ++label)
    for (int id = 0; id < kVocabulary; ++id)
      EXPECT_NEAR(search.log_ratio(static_cast<std::size_t>(label), id), slow_ratio(rows, label, id), 1e-9);
}

TEST(LabelWordSearch, FindsPlantedWordsAndRanksAllOthers) {
  const auto all = [](std::int32_t) { return true; };
  EXPECT_EQ(search_of(make_rows(4)).best(1, kVocabulary, all), (std::vector<Ids>{{10}, {11}, {12}}));

  const std::vector<Row> rows = make_rows(0);
  std::vector<std::vector<std::pair<double, std::int32_t>>> ranked(3);
  for (int id = 0; id < kVocabulary; ++id) {
    int own = 0;
    for (int label = 1; label < 3; ++label)
      if (slow_ratio(rows, label, id) > slow_ratio(rows, own, id)) own = label;
    ranked[static_cast<std::size_t>(own)].emplace_back(slow_ratio(rows, own, id), id);
  }
  const auto best = search_of(rows).best(4, kVocabulary, all);
  for (std::size_t label = 0; label < 3; ++label) {
    std::sort(ranked[label].rbegin(), ranked[label].rend());
    ASSERT_EQ(best[label].size(), 4u);
    for (std::size_t i = 0; i < 4; ++i)
      EXPECT_EQ(best[label][i], ranked[label][i].second) << label << " " << i;
  }
}

TEST(LabelWordSearch, LooksAtLikelyWordsThatMayBe) {
  std::vector<Row> rows = make_rows(4);
  for (Row& row : rows) row.logits[11] -= 12;  // telling, but nobody would write it
  const auto best = search_of(rows).best(1, 20, [](std::int32_t id) { return id != 10; });
  EXPECT_EQ(best[2], Ids{12});
  for (const Ids& ids : best) {
    EXPECT_EQ(std::count(ids.begin(), ids.end(), 10), 0);
    EXPECT_EQ(std::count(ids.begin(), ids.end(), 11), 0);
  }
}

/// The words that a model's head finds, against the log-probabilities that a verbalizer of all words reads.
/// The parameter is a model_type.
class AutoVerbalizerTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    nlohmann::json config = tiny_config(GetParam());
    config["vocab_size"] = 600;
    SyntheticOptions options;
    options.lm_head = true;
    options.tokenizer = fs::path(INCIPIT_SOURCE_DIR) / "tests/golden/tokenizers/roberta/tokenizer.json";
    ASSERT_TRUE(write_synthetic_model(folder_.path(), config, options));
    auto loaded = Model::load(folder_.path());
    ASSERT_TRUE(loaded) << loaded.error().message;
    model_.emplace(std::move(*loaded));
    prompt_.template_text = GetParam() == "llama" ? "{text_a} It was" : "{text_a} It was {mask}.";
    const char* texts[] = {"a good film", "a dull film", "one of the best", "hopelessly long", "charming"};
    for (int i = 0; i < 5; ++i) {
      Example& example = examples_.emplace_back();
      example.id = std::to_string(i);
      example.text_a = texts[i];
      example.label = i % 2;
    }
  }

  TestFolder folder_;
  std::optional<Model> model_;
  HardPrompt prompt_;
  std::vector<Example> examples_;
  const std::vector<std::string> labels_ = {"yes", "no"};
};

INSTANTIATE_TEST_SUITE_P(Models, AutoVerbalizerTest, testing::Values("roberta", "llama"),
                         [](const auto& model) { return model.param; });

TEST_P(AutoVerbalizerTest, FindsTheWordsOfTheGreatestRatio) {
  const auto found = find_label_words(*model_, prompt_, labels_, examples_, 100, 1024);
  ASSERT_TRUE(found) << found.error().message;
  const auto words = nlohmann::ordered_json::parse(*found);
  HardPrompt all = prompt_;
  all.verbalizer = *found;
  const auto adapter = make_hard_prompt(*model_, all, labels_);
  ASSERT_TRUE(adapter) << adapter.error().message;
  const auto templated = apply_template(*model_, *adapter, examples_);
  ASSERT_TRUE(templated);
  PackedRun run(model_->backbone());
  Matrix features;  // log-probabilities of the words
  ASSERT_TRUE(run_features(run, *adapter, *templated, 1024, nullptr, features));
  ASSERT_EQ(features.cols(), static_cast<std::int64_t>(words["yes"].size() + words["no"].size()));
  const auto ratio = [&](std::int64_t word) {
    const auto at = [&](std::int64_t example) { return static_cast<double>(features.row(example)[word]); };
    return (at(0) + at(2) + at(4)) / 3 - (at(1) + at(3)) / 2;
  };
  std::int64_t word = 0;
  for (const auto& [label, own] : words.items()) {
    ASSERT_GT(own.size(), 4u);  // of the few hundred tokens, most are no words
    double last = INFINITY;
    for (std::size_t i = 0; i < own.size(); ++i, ++word) {
      const double now = label == "yes" ? ratio(word) : -ratio(word);
      EXPECT_GE(now, -1e-4) << own[i];
      EXPECT_LE(now, last + 1e-4) << own[i];
      last = now;
    }
  }
  const auto one = nlohmann::json::parse(*find_label_words(*model_, prompt_, labels_, examples_, 1, 64));
  EXPECT_EQ(one["yes"], (nlohmann::json{words["yes"][0]}));
  EXPECT_EQ(one["no"], (nlohmann::json{words["no"][0]}));
}

TEST_P(AutoVerbalizerTest, ALabelWithoutExamplesIsNamed) {
  const auto found = find_label_words(*model_, prompt_, labels_, std::span(examples_).first(1), 1, 64);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().message, "label \"no\" has no example to find its words by");
}

}  // namespace
}  // namespace incipit
