#include "incipit/inspect.h"

#include <cmath>

#include <nlohmann/json.hpp>

#include "backbone/backbone.h"
#include "infer/features.h"
#include "support/prompt_test.h"

namespace incipit {
namespace {

void no_progress(std::int64_t /*done*/, std::int64_t /*all*/) {}

class InspectTest : public PromptTest {
 protected:
  PromptInspection look(const Adapter& adapter, std::span<const Example> examples = {},
                        const InspectOptions& options = {}) const {
    auto inspection = inspect(*model_, adapter, examples, options, no_progress);
    EXPECT_TRUE(inspection) << inspection.error().message;
    return inspection ? std::move(*inspection) : PromptInspection{};
  }
  std::string failure(const Adapter& adapter, std::span<const Example> examples = {}) const {
    const auto inspection = inspect(*model_, adapter, examples, {}, no_progress);
    return inspection ? "looked" : inspection.error().message;
  }

  static void set_row(Adapter& adapter, std::int64_t row, std::span<const float> values) {
    std::copy(values.begin(), values.end(), adapter.prompt().parameters().front()->value.row(row));
  }
};

TEST_F(InspectTest, TellsWordsFromNoise) {
  Adapter adapter = make(info(Method::prompt, HeadInput::mean, 12), 8);
  std::vector<float> word(48);
  model_->backbone().word_embedding(*model_->tokenizer().id("film"), word);
  set_row(adapter, 3, word);
  const PromptInspection inspection = look(adapter);
  ASSERT_EQ(inspection.tokens.size(), 12u);
  EXPECT_TRUE(inspection.comparable);
  EXPECT_EQ(inspection.tokens[3].nearest[0].piece, "film");
  EXPECT_NEAR(inspection.tokens[3].nearest[0].cosine, 1, 1e-9);
  int noise = 0;
  for (std::size_t i = 0; i < 12; ++i) {
    EXPECT_EQ(inspection.tokens[i].nearest.size(), 5u);
    if (i != 3 && inspection.tokens[i].nearest[0].cosine <= inspection.random_cosine_high) ++noise;
  }
  EXPECT_GE(noise, 9) << "of eleven random rows about one in twenty is above the 95th percentile";
  const std::string text = format_inspection(inspection);
  EXPECT_NE(text.find("film 1.00"), std::string::npos) << text;
  EXPECT_NE(text.find(fmt::format("{} of 12 tokens lie no nearer", noise)), std::string::npos) << text;
}

TEST_F(InspectTest, RowsAreMeasured) {
  Adapter adapter = make(info(Method::prompt, HeadInput::mean, 3));
  std::vector<float> row(48, 0.0f);
  row[0] = 3;
  row[1] = 4;
  set_row(adapter, 0, row);
  row[0] = -6;
  row[1] = -8;
  set_row(adapter, 1, row);
  adapter.add_movement({1, 2, 3});
  adapter.add_movement({4, 5, 6});
  InspectOptions options;
  options.other_words = 20;
  options.nearest = 2;
  const PromptInspection inspection = look(adapter, {}, options);
  EXPECT_NEAR(inspection.tokens[0].norm, 5, 1e-9);
  EXPECT_NEAR(inspection.similarity[0][1], -1, 1e-9);
  EXPECT_NEAR(inspection.similarity[2][2], 1, 1e-9);
  EXPECT_EQ(inspection.similarity[0][2], inspection.similarity[2][0]);
  EXPECT_EQ(inspection.movement, (std::vector<std::vector<double>>{{1, 2, 3}, {4, 5, 6}}));
  EXPECT_EQ(inspection.tokens[1].movement, 5);
  EXPECT_NEAR(inspection.median_word_norm, 0.5 * std::sqrt(48.0 / 3), 0.2) << "uniform in ±0.5";
  EXPECT_EQ(inspection.other_words.size(), 20u);
  EXPECT_LE(inspection.near_words.size(), 6u);
  for (const WordPoint& near : inspection.near_words)
    for (const WordPoint& other : inspection.other_words) EXPECT_NE(near.piece, other.piece);
  EXPECT_GT(inspection.explained, 0.1);
  EXPECT_LE(inspection.explained, 1);
  EXPECT_GT(std::hypot(inspection.tokens[1].x, inspection.tokens[1].y), 5) << "the longest stands out";
  EXPECT_EQ(inspection.examples, 0);
  EXPECT_TRUE(inspection.attention.empty());
}

TEST_F(InspectTest, LateRowsAreNotComparedWithWords) {
  const PromptInspection inspection = look(make(info(Method::late, HeadInput::mean, 4)), texts(10));
  EXPECT_FALSE(inspection.comparable);
  EXPECT_EQ(inspection.insert_layer, 1);
  EXPECT_TRUE(inspection.tokens[0].nearest.empty());
  EXPECT_TRUE(inspection.near_words.empty());
  EXPECT_EQ(inspection.random_cosine, 0);
  EXPECT_GT(std::abs(inspection.tokens[0].x), 0) << "their own picture remains";
  ASSERT_EQ(inspection.attention.size(), 2u);
  EXPECT_EQ(inspection.attention[0].layer, 1) << "below it nothing is there to be looked at";
  EXPECT_NE(format_inspection(inspection).find("join before layer 1"), std::string::npos);
}

/// Against the shares that the backbone tells of each example alone.
TEST_F(InspectTest, AttentionIsTheMeanOverExamples) {
  for (const Method method : {Method::prompt, Method::late})
    for (const HeadInput input : {HeadInput::first, HeadInput::mean}) {
      const Adapter adapter = make(info(method, input, 3));
      std::vector<Example> examples = texts(9);
      examples[4].text_a = "a \xF0\x9F\x98\x80 b";  // a word that the vocabulary cannot spell
      InspectOptions options;
      options.max_batch_tokens = 40;
      const PromptInspection inspection = look(adapter, examples, options);
      ASSERT_EQ(std::ssize(inspection.attention), method == Method::late ? 2 : 3);
      const auto templated = *apply_template(*model_, adapter, examples);
      PackedRun run(model_->backbone());
      std::vector<double> token_means(3);
      for (const LayerAttention& layer : inspection.attention) {
        LayerAttention slow{layer.layer, std::vector<double>(3), 0, 0};
        for (const TemplatedExample& example : templated) {
          Matrix vectors, shares;
          Want want;
          want.attention = &shares;
          const WorkItem items[] = {{&example, 0, 0}};
          const Adapter* const adapters[] = {&adapter};
          ASSERT_TRUE(run.forward(adapters, items, want, vectors));
          for (std::size_t t = 0; t < example.token.size(); ++t) {
            const std::int32_t id = example.token[t];
            const double share = static_cast<double>(shares.row(layer.layer)[t]) / 9;
            if (id < 0)
              slow.virtual_tokens[static_cast<std::size_t>(-1 - id)] += share;
            else if (id == model_->tokenizer().id("[CLS]") || id == model_->tokenizer().id("[SEP]"))
              slow.special += share;
            else
              slow.text += share;
          }
        }
        double sum = layer.special + layer.text;
        for (std::size_t i = 0; i < 3; ++i) {
          EXPECT_NEAR(layer.virtual_tokens[i], slow.virtual_tokens[i], 1e-5);
          token_means[i] += layer.virtual_tokens[i] / static_cast<double>(inspection.attention.size());
          sum += layer.virtual_tokens[i];
        }
        EXPECT_NEAR(sum, 1, 1e-12);
        EXPECT_NEAR(layer.special, slow.special, 1e-5);
        EXPECT_NEAR(layer.text, slow.text, 1e-5);
      }
      for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(inspection.tokens[i].attention, token_means[i], 1e-12);
    }
}

TEST_F(InspectTest, AccuraciesAreThePredictors) {
  const Adapter adapter = make(info(Method::prompt, HeadInput::mean, 3));
  const std::vector<Example> examples = texts(40);
  const PromptInspection inspection = look(adapter, examples);
  const auto predictions = *Predictor(*model_, adapter, {}).predict(examples);
  EXPECT_EQ(inspection.examples, 40);
  EXPECT_EQ(inspection.accuracy, evaluate_predictions(examples, predictions, 2).accuracy);
}

TEST_F(InspectTest, SameSeedSameFigures) {
  const Adapter adapter = make(info(Method::prompt, HeadInput::first, 3));
  const std::vector<Example> examples = texts(12);
  const std::string first = inspection_to_json(look(adapter, examples));
  EXPECT_EQ(first, inspection_to_json(look(adapter, examples)));
  InspectOptions other;
  other.seed = 1;
  EXPECT_NE(first, inspection_to_json(look(adapter, examples, other)));
}

TEST_F(InspectTest, ProgressReachesItsEnd) {
  const Adapter adapter = make(info(Method::prompt, HeadInput::first, 3));
  const std::vector<Example> examples = texts(12);
  std::int64_t last = 0, whole = 0;
  ASSERT_TRUE(inspect(*model_, adapter, examples, {}, [&](std::int64_t done, std::int64_t all) {
    EXPECT_GT(done, last);
    last = done;
    whole = all;
  }));
  EXPECT_EQ(last, whole);
  EXPECT_EQ(whole, 12 * 6);
}

TEST_F(InspectTest, RefusesWhatHasNoPromptOrOtherLabels) {
  const Adapter probe = make(info(Method::head, HeadInput::cls, 0));
  EXPECT_NE(failure(probe).find("no virtual tokens"), std::string::npos) << failure(probe);
  std::vector<Example> examples = texts(3);
  examples[1].label = 2;
  const std::string message = failure(make(info(Method::prompt, HeadInput::first, 2)), examples);
  EXPECT_EQ(message, "example 1: label 2 is none of the adapter's 2");
  examples[1].label = -1;
  EXPECT_NE(failure(make(info(Method::prompt, HeadInput::first, 2)), examples), "looked");
}

TEST_F(InspectTest, JsonHoldsWhatWasMeasured) {
  Adapter adapter = make(info(Method::prompt, HeadInput::first, 3));
  const auto without = nlohmann::json::parse(inspection_to_json(look(adapter)));
  for (const char* key : {"attention", "accuracy", "movement"}) EXPECT_FALSE(without.contains(key)) << key;
  EXPECT_FALSE(without["tokens"][0].contains("accuracy_without"));
  adapter.add_movement({1, 2, 3});
  const PromptInspection inspection = look(adapter, texts(10));
  const auto json = nlohmann::json::parse(inspection_to_json(inspection));
  ASSERT_EQ(json["tokens"].size(), 3u);
  EXPECT_EQ(json["tokens"][1]["norm"], inspection.tokens[1].norm);
  EXPECT_EQ(json["tokens"][1]["nearest"][0]["piece"], inspection.tokens[1].nearest[0].piece);
  EXPECT_EQ(json["tokens"][1]["nearest"][0]["cosine"], inspection.tokens[1].nearest[0].cosine);
  EXPECT_EQ(json["tokens"][2]["movement"], 3);
  EXPECT_EQ(json["tokens"][2]["accuracy_without"], inspection.tokens[2].accuracy_without);
  EXPECT_EQ(json["tokens"][2]["attention"], inspection.tokens[2].attention);
  EXPECT_EQ(json["random_cosine_high"], inspection.random_cosine_high);
  EXPECT_EQ(json["similarity"], inspection.similarity);
  EXPECT_EQ(json["attention"][2]["virtual_tokens"], inspection.attention[2].virtual_tokens);
  EXPECT_EQ(json["other_words"].size(), inspection.other_words.size());
  EXPECT_EQ(json["accuracy_without_prompt"], inspection.accuracy_without_prompt);
}

}  // namespace
}  // namespace incipit
