#include "incipit/hard_prompt.h"

#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "incipit/predict.h"

#include "backbone/backbone.h"
#include "base/rng.h"
#include "infer/features.h"
#include "prompt/prompt_method.h"
#include "score/lm_head.h"
#include "score/scorer.h"
#include "support/synthetic_model.h"
#include "support/test_folder.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

struct Family {
  friend void PrintTo(const Family& family, std::ostream* out) { *out << family.type; }

  std::string type, tokenizer, template_text;
  bool is_causal;
};

/// Words of one token and of several, one of them with two words, and weights.
constexpr const char* kWords = R"({"no": ["bad", "unbelievable"], "yes": {"good": 3, "incredibly good": 1}})";

class WordsInTheBlank : public testing::TestWithParam<Family> {
 protected:
  void SetUp() override {
    nlohmann::json config = tiny_config(GetParam().type);
    config["vocab_size"] = 600;
    SyntheticOptions options;
    options.lm_head = true;
    options.tokenizer =
        fs::path(INCIPIT_SOURCE_DIR) / "tests/golden/tokenizers" / GetParam().tokenizer / "tokenizer.json";
    ASSERT_TRUE(write_synthetic_model(folder_.path(), config, options));
    auto loaded = Model::load(folder_.path());
    ASSERT_TRUE(loaded) << loaded.error().message;
    model_.emplace(std::move(*loaded));
  }

  AdapterInfo info(Method method) const {
    AdapterInfo result;
    result.method = method;
    result.template_text = GetParam().template_text;
    result.verbalizer = kWords;
    result.labels = {"no", "yes"};
    result.num_virtual_tokens = method == Method::prompt ? 3 : 0;
    return result;
  }
  Adapter make(AdapterInfo of) const {
    auto made = Adapter::create(*model_, std::move(of), 1);
    EXPECT_TRUE(made) << made.error().message;
    Rng rng(7);
    for (Parameter* parameter : made->prompt().parameters())
      for (float& value : parameter->value.values()) value = static_cast<float>(0.5 * rng.normal());
    return std::move(*made);
  }
  std::vector<Example> texts() const {
    std::vector<Example> examples(5);
    const char* words[] = {"a good film", "", "hopelessly long and dull, and then some more", "x",
                           "a good game"};
    for (std::size_t i = 0; i < examples.size(); ++i) {
      examples[i].id = std::to_string(i);
      examples[i].text_a = words[i];
    }
    return examples;
  }

  /// log p of the word's tokens by whole sequences and the explicit softmax.
  double word_score(const TemplatedExample& example, const std::vector<std::int32_t>& ids) const {
    PackedBatch batch;
    const bool causal = GetParam().is_causal;
    const auto add = [&](std::int32_t id, std::int8_t type) {
      batch.token.push_back(id);
      batch.token_type.push_back(type);
      batch.entry.push_back(0);
      batch.position.push_back(model_->backbone().spec().positions.first +
                               static_cast<std::int32_t>(batch.position.size()));
    };
    std::int64_t first_read = 0;
    for (std::int64_t i = 0; i < example.size(); ++i) {
      const auto t = static_cast<std::size_t>(i);
      if (i != example.mask || causal) {
        add(example.token[t], example.token_type[t]);
        continue;
      }
      first_read = i;
      for (std::size_t k = 0; k < ids.size(); ++k) add(example.token[t], example.token_type[t]);
    }
    if (causal) {
      first_read = example.size() - 1;
      for (std::size_t k = 0; k + 1 < ids.size(); ++k) add(ids[k], 0);
    }
    batch.sequences.push_back({0, batch.size(), 0});
    for (std::size_t k = 0; k < ids.size(); ++k)
      batch.read.push_back(first_read + static_cast<std::int64_t>(k));
    Matrix rows, logits;
    EXPECT_TRUE(model_->backbone().forward(batch, {}, {}, *model_->backbone().new_pass(), rows));
    LmHeadPass pass;
    (*model_->lm_head())->logits(std::as_const(rows).view(), pass, logits);
    double sum = 0;
    for (std::size_t k = 0; k < ids.size(); ++k) {
      const float* row = logits.row(static_cast<std::int64_t>(k));
      double all = 0;
      for (std::int64_t v = 0; v < logits.cols(); ++v) all += std::exp(static_cast<double>(row[v]));
      sum += static_cast<double>(row[ids[k]]) - std::log(all);
    }
    return sum;
  }

  std::vector<std::int32_t> ids_of(const std::string& word) const {
    const bool blank = GetParam().template_text.find(" {mask}") != std::string::npos;
    return *model_->tokenizer().encode_words(blank ? " " + word : word);
  }

  TestFolder folder_;
  std::optional<Model> model_;
};

INSTANTIATE_TEST_SUITE_P(Families, WordsInTheBlank,
                         testing::Values(Family{"bert", "bert", "{text_a} It was {mask}.", false},
                                         Family{"roberta", "roberta", "{text_a} It was {mask}.", false},
                                         Family{"llama", "roberta", "Review: {text_a}\\nIt was {mask}", true},
                                         Family{"gpt2", "roberta", "Review: {text_a} It was {mask}", true}),
                         [](const auto& family) { return family.param.type; });

TEST_P(WordsInTheBlank, AreScoredAsWholeSequencesScoreThem) {
  const Adapter adapter = make(info(Method::hard));
  ASSERT_GT(ids_of("incredibly good").size(), 1u);
  const auto predictions = Predictor(*model_, adapter, {}).predict(texts());
  ASSERT_TRUE(predictions) << predictions.error().message;
  const auto examples = apply_template(*model_, adapter, texts());
  ASSERT_TRUE(examples) << examples.error().message;
  for (std::size_t e = 0; e < examples->size(); ++e) {
    const auto score = [&](const std::string& word) { return word_score((*examples)[e], ids_of(word)); };
    const double no = std::log(0.5 * std::exp(score("bad")) + 0.5 * std::exp(score("unbelievable")));
    const double yes = std::log(0.75 * std::exp(score("good")) + 0.25 * std::exp(score("incredibly good")));
    EXPECT_NEAR((*predictions)[e].logits[0], no, 1e-4) << e;
    EXPECT_NEAR((*predictions)[e].logits[1], yes, 1e-4) << e;
  }
}

TEST_P(WordsInTheBlank, WordScores) {
  AdapterInfo mean = info(Method::hard), first = info(Method::hard);
  mean.verbalizer = first.verbalizer = R"({"no": "bad", "yes": "incredibly good"})";
  mean.word_score = WordScore::mean;
  first.word_score = WordScore::first;
  const std::vector<std::int32_t> ids = ids_of("incredibly good");
  const auto examples = apply_template(*model_, make(mean), texts());
  const auto by_mean = Predictor(*model_, make(mean), {}).predict(texts());
  const auto by_first = Predictor(*model_, make(first), {}).predict(texts());
  ASSERT_TRUE(by_mean && by_first);
  for (std::size_t e = 0; e < texts().size(); ++e) {
    EXPECT_NEAR((*by_mean)[e].logits[1], word_score((*examples)[e], ids) / static_cast<double>(ids.size()),
                1e-4);
    EXPECT_NEAR((*by_first)[e].logits[1], word_score((*examples)[e], {ids.front()}), 1e-4);
  }
}

/// The same in batches of any size and company: leading tokens are shared in some of them only.
TEST_P(WordsInTheBlank, CompanyDoesNotMatter) {
  const Adapter adapter = make(info(Method::prompt));
  const auto together = Predictor(*model_, adapter, {4096}).predict(texts());
  const auto alone = Predictor(*model_, adapter, {1}).predict(texts());
  ASSERT_TRUE(together && alone);
  for (std::size_t e = 0; e < texts().size(); ++e)
    for (std::size_t label = 0; label < 2; ++label)
      EXPECT_NEAR((*together)[e].logits[label], (*alone)[e].logits[label], 2e-5) << e;
}

TEST_P(WordsInTheBlank, GradientByFiniteDifferences) {
  Adapter adapter = make(info(Method::prompt));
  const auto examples = apply_template(*model_, adapter, texts());
  ASSERT_TRUE(examples);
  PackedRun run(model_->backbone());
  std::vector<WorkItem> items;
  for (std::size_t e = 0; e < examples->size(); ++e) items.push_back({&(*examples)[e], 0, e});
  const Adapter* const readable[] = {&adapter};
  Adapter* const writable[] = {&adapter};
  Want want;
  want.trace = true;
  Matrix features, d_features, d_logits(std::ssize(items), 2);
  ScorePass pass;
  Rng rng(3);
  for (float& value : d_logits.values()) value = static_cast<float>(rng.normal());
  const auto loss = [&] {
    EXPECT_TRUE(run.forward(readable, items, want, features));
    adapter.scorer().forward(std::as_const(features).view(), {}, pass);
    double sum = 0;
    for (std::int64_t i = 0; i < d_logits.size(); ++i)
      sum += static_cast<double>(d_logits.data()[i]) * static_cast<double>(pass.logits.data()[i]);
    return sum;
  };
  loss();
  adapter.scorer().backward(d_logits, pass, d_features);
  Parameter& prompt = *adapter.prompt().parameters().front();
  prompt.gradient.fill(0.0f);
  run.backward(writable, std::as_const(d_features).view());
  // Along the gradient itself, where the difference is largest.
  double norm = 0;
  for (const float value : std::as_const(prompt.gradient).values())
    norm += static_cast<double>(value) * value;
  norm = std::sqrt(norm);
  const std::vector<float> start(prompt.value.values().begin(), prompt.value.values().end());
  constexpr double kStep = 1e-2;
  const auto at = [&](double step) {
    for (std::size_t i = 0; i < start.size(); ++i)
      prompt.value.values()[i] = start[i] + static_cast<float>(step / norm) * prompt.gradient.values()[i];
    return loss();
  };
  EXPECT_NEAR((at(kStep) - at(-kStep)) / (2 * kStep), norm, 1e-2 * norm);
}

TEST_P(WordsInTheBlank, CalibrationTakesAwayWhatContentFreeTextsSay) {
  const HardPrompt plain{GetParam().template_text, kWords, WordScore::sequence, Calibration::none, 0};
  HardPrompt contextual = plain, domain = plain;
  contextual.calibration = Calibration::contextual;
  domain.calibration = Calibration::domain;
  const auto raw = make_hard_prompt(*model_, plain, {"no", "yes"});
  const auto by_context = make_hard_prompt(*model_, contextual, {"no", "yes"});
  const auto by_domain = make_hard_prompt(*model_, domain, {"no", "yes"});
  ASSERT_TRUE(raw && by_context && by_domain);
  std::vector<Example> free(3);
  free[1].text_a = "N/A";
  free[2].text_a = "[MASK]";
  const auto scores = Predictor(*model_, *raw, {}).predict(free);
  ASSERT_TRUE(scores);
  for (std::size_t label = 0; label < 2; ++label) {
    double mean = 0;
    for (const Prediction& prediction : *scores)
      mean += std::exp(static_cast<double>(prediction.logits[label])) / 3;
    EXPECT_NEAR(by_context->info().label_bias[label], std::log(mean), 1e-5);
    EXPECT_NEAR(by_domain->info().label_bias[label], (*scores)[0].logits[label], 1e-5);
  }
  const auto of_nothing = Predictor(*model_, *by_domain, {}).predict(std::span(free).first(1));
  ASSERT_TRUE(of_nothing);
  EXPECT_NEAR((*of_nothing)[0].probabilities[0], 0.5, 1e-5);
}

TEST_P(WordsInTheBlank, ComeBackFromTheirFolder) {
  for (const Method method : {Method::hard, Method::prompt}) {
    Adapter adapter = make(info(method));
    adapter.set_label_bias({0.25, -1.5});
    ASSERT_TRUE(adapter.save(folder_.path() / "adapter"));
    const auto back = Adapter::load(folder_.path() / "adapter", *model_);
    ASSERT_TRUE(back) << back.error().message;
    const auto expected = Predictor(*model_, adapter, {}).predict(texts());
    const auto actual = Predictor(*model_, *back, {}).predict(texts());
    ASSERT_TRUE(expected && actual);
    for (std::size_t e = 0; e < expected->size(); ++e) EXPECT_EQ((*expected)[e].logits, (*actual)[e].logits);
    const bool peft_can = method == Method::prompt && GetParam().is_causal;
    EXPECT_EQ(back->info().peft_type, peft_can ? "PROMPT_TUNING" : "INCIPIT");
    fs::remove_all(folder_.path() / "adapter");
  }
}

TEST_P(WordsInTheBlank, WhatDoesNotFitIsNamed) {
  const auto message = [&](AdapterInfo of) {
    const auto made = Adapter::create(*model_, std::move(of), 0);
    return made ? "no error" : made.error().message;
  };
  AdapterInfo headless = info(Method::hard);
  headless.verbalizer.clear();
  EXPECT_NE(message(headless).find("method hard needs a verbalizer"), std::string::npos) << message(headless);
  EXPECT_NE(message(info(Method::head)).find("method head trains a head"), std::string::npos);
  AdapterInfo missing = info(Method::hard);
  missing.verbalizer = R"({"no": ["bad"]})";
  EXPECT_NE(message(missing).find("verbalizer: "), std::string::npos) << message(missing);
  EXPECT_NE(message(missing).find("yes"), std::string::npos) << message(missing);
  AdapterInfo without_blank = info(Method::hard);
  without_blank.template_text = "{text_a} It was";
  if (GetParam().is_causal)
    EXPECT_EQ(message(without_blank), "no error");
  else
    EXPECT_NE(message(without_blank).find("no {mask}"), std::string::npos) << message(without_blank);
}

TEST(HardPromptTest, LabelsComeInTheVerbalizersOrder) {
  EXPECT_EQ(*verbalizer_labels(R"({"z": "a", "b": ["c", "d"]})"), (std::vector<std::string>{"z", "b"}));
  EXPECT_FALSE(verbalizer_labels(R"([["a"], ["b"]])"));
  EXPECT_FALSE(verbalizer_labels("great, terrible"));
}

}  // namespace
}  // namespace incipit
