#include "experiment/removal.h"

#include <algorithm>

#include "incipit/predict.h"

#include "infer/features.h"
#include "support/prompt_test.h"

namespace incipit {
namespace {

struct Kind {
  Method method;
  HeadInput input;
};

class RemovalTest : public PromptTest, public testing::WithParamInterface<Kind> {
 protected:
  /// An adapter of its own that has only some rows of another.
  Adapter with_rows(const Adapter& whole, const std::vector<std::int64_t>& rows) const {
    AdapterInfo smaller = whole.info();
    smaller.num_virtual_tokens = std::ssize(rows);
    if (rows.empty()) smaller.method = Method::head;
    Adapter adapter = make(smaller);
    for (std::size_t i = 0; i < rows.size(); ++i)
      std::copy_n(whole.prompt().parameters().front()->value.row(rows[i]), 48,
                  adapter.prompt().parameters().front()->value.row(static_cast<std::int64_t>(i)));
    const auto from = whole.scorer().parameters();
    const auto to = adapter.scorer().parameters();
    for (std::size_t p = 0; p < to.size(); ++p)
      std::copy_n(from[p]->value.data(), from[p]->value.size(), to[p]->value.data());
    return adapter;
  }
  /// Moves the head's border to the middle of the examples, so that both labels are answered.
  void balance(Adapter& adapter, const std::vector<Example>& examples) const {
    const auto predictions = *Predictor(*model_, adapter, {}).predict(examples);
    std::vector<float> margins;
    for (const Prediction& prediction : predictions)
      margins.push_back(prediction.logits[0] - prediction.logits[1]);
    std::sort(margins.begin(), margins.end());
    const std::size_t middle = margins.size() / 2;
    ASSERT_GT(margins[middle] - margins[middle - 1], 1e-4f)
        << "a text on the border would be a matter of rounding";
    Parameter& bias = *adapter.scorer().parameters().back();
    ASSERT_EQ(bias.value.size(), 2) << bias.name;
    bias.value.data()[1] += (margins[middle] + margins[middle - 1]) / 2;
  }
  double accuracy(const Adapter& adapter, const std::vector<Example>& examples) const {
    return evaluate_predictions(examples, *Predictor(*model_, adapter, {}).predict(examples), 2).accuracy;
  }
};

INSTANTIATE_TEST_SUITE_P(Kinds, RemovalTest,
                         testing::Values(Kind{Method::prompt, HeadInput::first},
                                         Kind{Method::prompt, HeadInput::mean},
                                         Kind{Method::late, HeadInput::first},
                                         Kind{Method::late, HeadInput::cls}),
                         [](const auto& kind) {
                           return fmt::format("{}_{}", name_of(kind.param.method), name_of(kind.param.input));
                         });

TEST_P(RemovalTest, IsAnAdapterOfFewerTokens) {
  Adapter whole = make(info(GetParam().method, GetParam().input, 3));
  // More than are taken at once; labels are the whole prompt's own answers, so that every change shows.
  std::vector<Example> examples = texts(132);
  balance(whole, examples);
  const auto answers = *Predictor(*model_, whole, {}).predict(examples);
  for (std::size_t i = 0; i < examples.size(); ++i) examples[i].label = answers[i].label;
  const auto templated = *apply_template(*model_, whole, examples);
  PackedRun run(model_->backbone());
  std::int64_t done = 0;
  const auto measured = measure_removal(*model_, whole, examples, templated, 512, run, [&](std::int64_t now) {
    EXPECT_GT(now, done);
    done = now;
  });
  ASSERT_TRUE(measured) << measured.error().message;
  EXPECT_EQ(done, 132 * 5);
  EXPECT_EQ(measured->whole, 1);
  ASSERT_EQ(measured->without.size(), 3u);
  EXPECT_EQ(measured->without[0], accuracy(with_rows(whole, {1, 2}), examples));
  EXPECT_EQ(measured->without[1], accuracy(with_rows(whole, {0, 2}), examples));
  EXPECT_EQ(measured->without[2], accuracy(with_rows(whole, {0, 1}), examples));
  EXPECT_EQ(measured->none, accuracy(with_rows(whole, {}), examples));
  EXPECT_LT(measured->without[0] + measured->without[1] + measured->without[2] + measured->none, 4)
      << "nothing was removed";
}

}  // namespace
}  // namespace incipit
