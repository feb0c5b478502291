#include "infer/packed_run.h"

#include <gtest/gtest.h>

#include "incipit/predict.h"

#include "base/rng.h"
#include "infer/features.h"
#include "prompt/prompt_method.h"
#include "support/synthetic_model.h"
#include "support/test_folder.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

class PackedRunTest : public testing::Test {
 protected:
  void SetUp() override {
    nlohmann::json config = tiny_config("bert");
    config["vocab_size"] = 300;
    SyntheticOptions options;
    options.tokenizer = fs::path(INCIPIT_SOURCE_DIR) / "tests/golden/tokenizers/bert/tokenizer.json";
    ASSERT_TRUE(write_synthetic_model(folder_.path() / "base", config, options));
    model_.emplace(*Model::load(folder_.path() / "base"));
  }

  Adapter make(Method method, HeadInput input, std::int64_t insert_layer, std::uint64_t seed) {
    AdapterInfo info;
    info.method = method;
    info.head_input = input;
    info.num_virtual_tokens = method == Method::head ? 0 : 2 + static_cast<std::int64_t>(seed);
    info.insert_layer = insert_layer;
    info.labels = {"a", "b"};
    Adapter adapter = *Adapter::create(*model_, info, seed);
    Rng rng(seed);
    for (Parameter* parameter : adapter.prompt().parameters())
      for (float& value : parameter->value.values()) value = static_cast<float>(0.5 * rng.normal());
    return adapter;
  }

  TestFolder folder_;
  std::optional<Model> model_;
};

/// Adapters of every kind in one batch give what each gives alone, gradients included.
TEST_F(PackedRunTest, MixedAdaptersDoNotDisturbEachOther) {
  std::vector<Adapter> adapters;
  adapters.push_back(make(Method::prompt, HeadInput::first, 0, 1));
  adapters.push_back(make(Method::late, HeadInput::mean, 1, 2));
  adapters.push_back(make(Method::head, HeadInput::cls, 0, 3));
  adapters.push_back(make(Method::late, HeadInput::cls, 2, 4));
  std::vector<Example> texts(6);
  const char* words[] = {"a b", "", "x y z w a b c d e f g", "hello", "a", "b c d"};
  for (std::size_t i = 0; i < texts.size(); ++i) texts[i].text_a = words[i];
  PackedRun run(model_->backbone());
  Want want;
  want.trace = true;

  std::vector<std::vector<TemplatedExample>> examples;
  for (const Adapter& adapter : adapters) examples.push_back(*apply_template(*model_, adapter, texts));
  std::vector<WorkItem> mixed;
  for (std::size_t i = 0; i < 24; ++i) mixed.push_back({&examples[i * 7 % 4][i % 6], i * 7 % 4, i});
  std::vector<const Adapter*> readable;
  std::vector<Adapter*> writable;
  for (Adapter& adapter : adapters) {
    readable.push_back(&adapter);
    writable.push_back(&adapter);
  }
  Matrix vectors;
  ASSERT_TRUE(run.forward(readable, mixed, want, vectors));
  run.backward(writable, std::as_const(vectors).view());  // any gradient will do: the vectors themselves

  for (std::size_t a = 0; a < adapters.size(); ++a) {
    Adapter alone = adapters[a].clone();
    std::vector<WorkItem> own;
    for (WorkItem item : mixed)
      if (item.adapter == a) {
        item.adapter = 0;
        own.push_back(item);
      }
    const Adapter* const one_readable[] = {&alone};
    Adapter* const one_writable[] = {&alone};
    Matrix expected;
    ASSERT_TRUE(run.forward(one_readable, own, want, expected));
    run.backward(one_writable, std::as_const(expected).view());
    std::int64_t row = 0;
    for (std::size_t i = 0; i < mixed.size(); ++i) {
      if (mixed[i].adapter != a) continue;
      for (std::int64_t j = 0; j < expected.cols(); ++j)
        EXPECT_NEAR(vectors.row(static_cast<std::int64_t>(i))[j], expected.row(row)[j], 1e-5);
      ++row;
    }
    const auto from_mix = adapters[a].prompt().parameters(), from_alone = alone.prompt().parameters();
    for (std::size_t p = 0; p < from_mix.size(); ++p)
      for (std::int64_t v = 0; v < from_mix[p]->gradient.size(); ++v)
        EXPECT_NEAR(from_mix[p]->gradient.data()[v], from_alone[p]->gradient.data()[v], 1e-4)
            << "adapter " << a;
  }
}

TEST_F(PackedRunTest, PredictorKeepsTheOrderAndCountsProgress) {
  const Adapter adapter = make(Method::prompt, HeadInput::mean, 0, 1);
  std::vector<Example> texts(40);
  for (std::size_t i = 0; i < texts.size(); ++i) texts[i].text_a = std::string(i * 13 % 40, 'a') + " b";
  std::int64_t last = 0;
  const auto together =
      Predictor(*model_, adapter, {64}).predict(texts, [&](std::int64_t done) { last = done; });
  ASSERT_TRUE(together) << together.error().message;
  EXPECT_EQ(last, 40);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto alone = Predictor(*model_, adapter, {}).predict(std::span(texts).subspan(i, 1));
    for (int c = 0; c < 2; ++c) EXPECT_NEAR((*together)[i].logits[c], (*alone)[0].logits[c], 1e-5);
    EXPECT_NEAR((*together)[i].probabilities[0] + (*together)[i].probabilities[1], 1.0, 1e-6);
  }
}

TEST_F(PackedRunTest, BadTextIsNamed) {
  const Adapter adapter = make(Method::head, HeadInput::cls, 0, 1);
  std::vector<Example> texts(2);
  texts[1].id = "row-9";
  texts[1].text_a = "\xff\xfe";
  const auto predictions = Predictor(*model_, adapter, {}).predict(texts);
  ASSERT_FALSE(predictions);
  EXPECT_NE(predictions.error().message.find("row-9"), std::string::npos);
}

TEST_F(PackedRunTest, TokenizeShowsWhatTheModelSees) {
  Example example;
  example.text_a = "a b c d e f";
  const auto view = tokenize(*model_, example, {"", 2, 0, 5});
  ASSERT_TRUE(view) << view.error().message;
  ASSERT_EQ(view->tokens.size(), 7u) << "the virtual tokens are never cut";
  EXPECT_EQ(view->tokens[0].piece, "<v1>");
  EXPECT_EQ(view->tokens[2].piece, "[CLS]");
  EXPECT_EQ(view->tokens[2].position, 2);
  EXPECT_EQ(view->truncated, 3);
  const auto late = tokenize(*model_, example, {"", 2, 1, 0});
  EXPECT_EQ(late->tokens[0].position, -1);
  EXPECT_EQ(late->tokens[2].position, 0);
  const auto templated = tokenize(*model_, example, {"{soft} a {text_a} {mask}", 0, 0, 8});
  ASSERT_TRUE(templated) << templated.error().message;
  ASSERT_EQ(templated->tokens.size(), 9u) << "the template's virtual token and 8 others";
  EXPECT_EQ(templated->tokens[0].piece, "[CLS]");
  EXPECT_EQ(templated->tokens[1].piece, "<v1>");
  EXPECT_EQ(templated->tokens[7].piece, "[MASK]");
  EXPECT_EQ(templated->truncated, 2);
  EXPECT_FALSE(tokenize(*model_, example, {"", 600, 0, 0}));
  EXPECT_FALSE(tokenize(*model_, example, {"", 2, 3, 0}));
}

}  // namespace
}  // namespace incipit
