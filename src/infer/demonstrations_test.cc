#include "incipit/demonstrations.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <gtest/gtest.h>

#include "incipit/predict.h"

#include "backbone/backbone.h"
#include "infer/demonstration_writer.h"
#include "support/synthetic_model.h"
#include "support/test_folder.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kLabels = {"no", "yes"};

std::vector<Example> make_pool() {
  std::vector<Example> pool(12);
  const char* words[] = {"a good film",       "a dull film",    "one of the best",  "hopelessly long",
                         "a good game",       "weak and tired", "very funny story", "the plot is a mess",
                         "warm and charming", "slow",           "I loved it",       "I left early"};
  for (std::size_t i = 0; i < pool.size(); ++i) {
    pool[i].id = std::to_string(i);
    pool[i].text_a = words[i];
    pool[i].label = i % 2 == 0 ? 1 : 0;
  }
  return pool;
}

/// The parameter is a model_type.
class DemonstrationsTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    nlohmann::json config = tiny_config(GetParam());
    config["vocab_size"] = 600;
    config["max_position_embeddings"] = 256;
    SyntheticOptions options;
    options.lm_head = true;
    options.tokenizer = fs::path(INCIPIT_SOURCE_DIR) / "tests/golden/tokenizers/roberta/tokenizer.json";
    ASSERT_TRUE(write_synthetic_model(folder_.path(), config, options));
    auto loaded = Model::load(folder_.path());
    ASSERT_TRUE(loaded) << loaded.error().message;
    model_.emplace(std::move(*loaded));
  }

  static HardPrompt prompt() {
    HardPrompt prompt;
    prompt.template_text = "{text_a} It was {mask}";
    prompt.verbalizer = R"({"no": {"awful": 1, "bad": 2}, "yes": ["good", "great"]})";
    return prompt;
  }
  Adapter adapter(const std::string& template_text) const {
    HardPrompt changed = prompt();
    changed.template_text = template_text;
    auto made = make_hard_prompt(*model_, changed, kLabels);
    EXPECT_TRUE(made) << made.error().message;
    return std::move(*made);
  }
  Demonstrations draw(const ShotOptions& options, const std::vector<Example>& pool = make_pool()) const {
    auto drawn = draw_demonstrations(*model_, prompt(), kLabels, pool, options);
    EXPECT_TRUE(drawn) << drawn.error().message;
    return std::move(*drawn);
  }
  std::vector<Prediction> predict(const Adapter& with, const std::vector<Example>& texts,
                                  PredictOptions options = {}) const {
    auto predictions = Predictor(*model_, with, options).predict(texts);
    EXPECT_TRUE(predictions) << predictions.error().message;
    return std::move(*predictions);
  }
  static bool holds(const Demonstrations& drawn, const Example& example) {
    return std::binary_search(drawn.texts.begin(), drawn.texts.end(),
                              text_hash(example.text_a, example.text_b));
  }

  TestFolder folder_;
  std::optional<Model> model_;
};

INSTANTIATE_TEST_SUITE_P(Models, DemonstrationsTest, testing::Values("roberta", "llama"),
                         [](const auto& model) { return model.param; });

TEST_P(DemonstrationsTest, AreDrawnInTurnOfTheLabels) {
  const std::vector<Example> pool = make_pool();
  for (const std::int64_t shots : {2, 4, 5}) {
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      const Demonstrations drawn = draw({shots, 0, seed});
      EXPECT_EQ(drawn.count, shots);
      std::int64_t yes = 0;
      for (const Example& example : pool) {
        const bool shown = drawn.template_text.find("\"" + example.text_a + "\"") != std::string::npos;
        EXPECT_EQ(shown, holds(drawn, example)) << example.text_a;
        yes += shown && example.label == 1 ? 1 : 0;
      }
      EXPECT_LE(std::abs(2 * yes - shots), shots % 2) << "seed " << seed;
      EXPECT_EQ(drawn.template_text, draw({shots, 0, seed}).template_text);
    }
  }
  std::set<std::string> drawings;
  for (std::uint64_t seed = 0; seed < 8; ++seed) drawings.insert(draw({2, 0, seed}).template_text);
  EXPECT_GT(drawings.size(), 4u);
}

TEST_P(DemonstrationsTest, EachShowsTheHeaviestWordOfItsLabel) {
  const Demonstrations drawn = draw({12, 200, 1});
  ASSERT_EQ(drawn.count, 12);
  for (const Example& example : make_pool()) {
    const std::string solved = "{\"text\":\"" + example.text_a + "\"} {\"text\":\"It was\"}{\"text\":\" " +
                               (example.label == 1 ? "good" : "bad") + "\"}{\"text\":\"\\n\\n\"}";
    const std::string first = solved.substr(0, solved.find("} ") + 1);
    const std::size_t at = drawn.template_text.find(first);
    ASSERT_NE(at, std::string::npos) << drawn.template_text;
    EXPECT_NE(drawn.template_text.find(example.label == 1 ? "\" good\"" : "\" bad\"", at), std::string::npos);
  }
  EXPECT_EQ(drawn.template_text.find("awful"), std::string::npos);
  EXPECT_EQ(drawn.template_text.find("great"), std::string::npos);
  EXPECT_TRUE(drawn.template_text.ends_with("{text_a} It was {mask}"));
}

TEST_P(DemonstrationsTest, KeepWithinTheirTokens) {
  const auto writer = DemonstrationWriter::create(*model_, adapter(prompt().template_text));
  ASSERT_TRUE(writer) << writer.error().message;
  const auto tokens = [&](const Demonstrations& drawn) {
    std::int64_t sum = 0;
    for (const Example& example : make_pool())
      if (holds(drawn, example)) sum += std::ssize(writer->write(example)->ids);
    return sum;
  };
  const Demonstrations all = draw({6, 0, 3});
  ASSERT_EQ(all.count, 6);
  const Demonstrations fit = draw({6, tokens(all), 3});
  EXPECT_EQ(fit.template_text, all.template_text);
  const Demonstrations fewer = draw({6, tokens(all) - 1, 3});
  EXPECT_EQ(fewer.count, 5);
  EXPECT_LT(tokens(fewer), tokens(all));
  EXPECT_EQ(draw({6, 1, 3}).template_text, prompt().template_text);
}

TEST_P(DemonstrationsTest, EqualTextsAreShownOnceAndUnlabelledOnesNever) {
  std::vector<Example> pool(6, make_pool()[0]);
  pool[5] = make_pool()[1];
  pool.push_back(make_pool()[2]);
  pool.back().label = -1;
  EXPECT_EQ(draw({4, 0, 0}, pool).count, 2);
  pool.erase(pool.begin(), pool.end() - 1);
  const auto none = draw_demonstrations(*model_, prompt(), kLabels, pool, {4, 0, 0});
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message.find("no labelled text"), std::string::npos);
}

/// Leading tokens that all share are run once a batch (of a causal model): the figures are those of each
/// alone.
TEST_P(DemonstrationsTest, SharedOnesChangeNothingAndLeaveRoomInTheBatch) {
  const Demonstrations drawn = draw({6, 0, 3});
  const Adapter with = adapter(drawn.template_text);
  const std::vector<Example> texts = make_pool();
  std::int64_t batches = 0;
  const auto together = Predictor(*model_, with, {160}).predict(texts, [&](std::int64_t) { ++batches; });
  ASSERT_TRUE(together);
  if (GetParam() == "llama")
    EXPECT_LE(batches, 2);
  else
    EXPECT_GE(batches, 6);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto alone = predict(with, {texts[i]});
    for (std::size_t label = 0; label < 2; ++label)
      EXPECT_NEAR((*together)[i].logits[label], alone[0].logits[label], 3e-5) << i;
  }
}

TEST_P(DemonstrationsTest, TheNearestAreThoseOfTheGreatestCosine) {
  const std::vector<Example> pool = make_pool();
  const auto nearest =
      NearestDemonstrations::create(*model_, adapter(prompt().template_text), pool, {3, 0, 0});
  ASSERT_TRUE(nearest) << nearest.error().message;
  const auto mean = [&](const std::string& text) {
    std::vector<double> sum(static_cast<std::size_t>(model_->info().hidden_size), 0.0);
    std::vector<float> word(sum.size());
    const std::vector<std::int32_t> ids = *model_->tokenizer().encode_words(text);
    for (const std::int32_t id : ids) {
      model_->backbone().word_embedding(id, word);
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += static_cast<double>(word[i]);
    }
    return sum;
  };
  const auto cosine = [&](const std::string& a, const std::string& b) {
    const std::vector<double> u = mean(a), v = mean(b);
    double uv = 0, uu = 0, vv = 0;
    for (std::size_t i = 0; i < u.size(); ++i) uv += u[i] * v[i], uu += u[i] * u[i], vv += v[i] * v[i];
    return uv / std::sqrt(uu * vv);
  };
  Example query;
  for (const char* text : {"a good story", "the film is slow", "I loved the plot"}) {
    query.text_a = text;
    std::vector<std::pair<double, std::size_t>> expected;
    for (std::size_t i = 0; i < pool.size(); ++i) expected.emplace_back(cosine(text, pool[i].text_a), i);
    std::sort(expected.rbegin(), expected.rend());
    const auto found = nearest->find(query);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->examples,
              (std::vector<std::size_t>{expected[2].second, expected[1].second, expected[0].second}));
  }
}

TEST_P(DemonstrationsTest, ATextIsNeverItsOwnDemonstration) {
  const std::vector<Example> pool = make_pool();
  const auto nearest =
      NearestDemonstrations::create(*model_, adapter(prompt().template_text), pool, {11, 250, 0});
  ASSERT_TRUE(nearest);
  for (const Example& query : pool) {
    const auto found = nearest->find(query);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->examples.size(), 11u);
    for (const std::size_t i : found->examples) EXPECT_NE(nearest->example(i).text_a, query.text_a);
  }
}

TEST_P(DemonstrationsTest, TheNearestStandWhereDrawnOnesDo) {
  const Adapter plain = adapter(prompt().template_text);
  const auto nearest = NearestDemonstrations::create(*model_, plain, make_pool(), {2, 0, 0});
  const auto writer = DemonstrationWriter::create(*model_, plain);
  ASSERT_TRUE(nearest && writer);
  std::vector<Example> texts(3);
  texts[0].text_a = "a good story";
  texts[1].text_a = "the film is slow";
  texts[2].text_a = "I loved the plot";
  PredictOptions options;
  options.demonstrations = &*nearest;
  const auto predictions = predict(plain, texts, options);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(predictions[i].shots, 2);
    std::string template_text;
    const auto found = nearest->find(texts[i]);
    ASSERT_TRUE(found);
    for (const std::size_t shown : found->examples)
      template_text += writer->write(nearest->example(shown))->source;
    const auto expected = predict(adapter(template_text + prompt().template_text), {texts[i]});
    for (std::size_t label = 0; label < 2; ++label)
      EXPECT_NEAR(predictions[i].logits[label], expected[0].logits[label], 3e-5);
    EXPECT_NE(predictions[i].logits, predict(plain, {texts[i]})[0].logits);
  }
}

TEST_P(DemonstrationsTest, TheFarthestAreLeftOutFirst) {
  const Adapter plain = adapter(prompt().template_text);
  const auto all = NearestDemonstrations::create(*model_, plain, make_pool(), {3, 0, 0});
  Example query;
  query.text_a = "a good story";
  const auto found = all->find(query);
  ASSERT_TRUE(found);
  const auto fewer =
      NearestDemonstrations::create(*model_, plain, make_pool(), {3, std::ssize(found->ids) - 1, 0});
  ASSERT_TRUE(fewer);
  EXPECT_EQ(fewer->find(query)->examples, (std::vector<std::size_t>{found->examples[1], found->examples[2]}));
}

}  // namespace
}  // namespace incipit
