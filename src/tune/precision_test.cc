// What narrow numbers change in a whole model: how far its answers and its training go from f32's.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "incipit/predict.h"
#include "incipit/train.h"

#include "base/rng.h"
#include "prompt/prompt_method.h"
#include "support/synthetic_model.h"
#include "support/test_folder.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

class Losses : public TrainObserver {
 public:
  void on_step(const StepReport& report) override { values.push_back(report.loss); }
  std::vector<double> values;
};

class PrecisionTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    nlohmann::json config = tiny_config(GetParam());
    config["vocab_size"] = 300;
    SyntheticOptions options;
    options.tokenizer = fs::path(INCIPIT_SOURCE_DIR) / "tests/golden/tokenizers/bert/tokenizer.json";
    ASSERT_TRUE(write_synthetic_model(folder_.path(), config, options));
  }

  Model load(Precision precision) const {
    auto model = Model::load(folder_.path(), {precision});
    EXPECT_TRUE(model) << model.error().message;
    return std::move(*model);
  }

  static Dataset dataset() {
    Dataset data;
    data.labels = {"no", "yes"};
    Rng rng(1);
    for (int i = 0; i < 96; ++i) {
      Example example;
      example.id = std::to_string(i);
      example.label = static_cast<int>(rng.below(2));
      example.text_a = example.label == 1 ? "x y " : "z w ";
      for (std::uint64_t w = rng.below(6); w > 0; --w)
        example.text_a += std::string(1, static_cast<char>('a' + rng.below(8))) + " ";
      data.examples.push_back(std::move(example));
    }
    return data;
  }

  /// The same random prompt and head whatever the precision.
  static std::vector<float> logits(const Model& model) {
    AdapterInfo info;
    info.head_input = HeadInput::mean;
    info.num_virtual_tokens = 4;
    info.labels = {"no", "yes"};
    auto adapter = Adapter::create(model, info, 3);
    EXPECT_TRUE(adapter) << adapter.error().message;
    Rng rng(3);
    for (Parameter* parameter : adapter->prompt().parameters())
      for (float& value : parameter->value.values()) value = static_cast<float>(0.7 * rng.normal());
    Predictor predictor(model, *adapter, {});
    const auto predictions = predictor.predict(dataset().examples);
    EXPECT_TRUE(predictions);
    std::vector<float> values;
    for (const Prediction& prediction : *predictions)
      values.insert(values.end(), prediction.logits.begin(), prediction.logits.end());
    return values;
  }

  static std::vector<double> losses(const Model& model) {
    TrainOptions options;
    options.num_virtual_tokens = 4;
    options.head_input = HeadInput::mean;
    options.learning_rate = 1e-2;
    options.batch_size = 16;
    options.max_steps = 30;
    Losses losses;
    const auto result = train(model, dataset(), nullptr, options, losses);
    EXPECT_TRUE(result) << result.error().message;
    return losses.values;
  }

  TestFolder folder_;
};
INSTANTIATE_TEST_SUITE_P(Models, PrecisionTest, testing::Values("bert", "llama"),
                         [](const auto& type) { return std::string(type.param); });

double spread(const std::vector<float>& values) {
  double sum = 0, squares = 0;
  for (const double value : values) {
    sum += value;
    squares += value * value;
  }
  const auto count = static_cast<double>(values.size());
  return std::sqrt(squares / count - sum / count * (sum / count));
}

/// Root mean square.
template <typename T>
double deviation(const std::vector<T>& a, const std::vector<T>& b) {
  EXPECT_EQ(a.size(), b.size());
  double squares = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    squares += (static_cast<double>(a[i]) - b[i]) * (static_cast<double>(a[i]) - b[i]);
  return std::sqrt(squares / static_cast<double>(a.size()));
}

/// Of the logits' own spread: 1 % in bf16, whose numbers are rounded by 0.2 % on average, 3 % in int8.
TEST_P(PrecisionTest, LogitsStayNearThoseOfF32) {
  const std::vector<float> exact = logits(load(Precision::f32));
  const double scale = spread(exact);
  ASSERT_GT(scale, 0.01);
  const double bf16 = deviation(logits(load(Precision::bf16)), exact) / scale;
  const double int8 = deviation(logits(load(Precision::int8)), exact) / scale;
  EXPECT_GT(bf16, 1e-5) << "not rounded at all";
  EXPECT_LT(bf16, 0.01);
  EXPECT_GT(int8, 1e-5) << "not rounded at all";
  EXPECT_LT(int8, 0.03);
  RecordProperty("bf16", std::to_string(bf16));
  RecordProperty("int8", std::to_string(int8));
}

TEST_P(PrecisionTest, TrainingGoesAsInF32) {
  const std::vector<double> exact = losses(load(Precision::f32));
  ASSERT_EQ(exact.size(), 30u);
  const double fall = exact.front() - *std::min_element(exact.begin(), exact.end());
  ASSERT_GT(fall, 0.05);
  for (const Precision precision : {Precision::bf16, Precision::int8}) {
    const std::vector<double> narrow = losses(load(precision));
    EXPECT_NE(narrow, exact);
    EXPECT_LT(deviation(narrow, exact), (precision == Precision::bf16 ? 0.02 : 0.05) * fall)
        << name_of(precision);
  }
}

TEST_P(PrecisionTest, TheSameRunAgainIsTheSame) {
  for (const Precision precision : {Precision::bf16, Precision::int8})
    EXPECT_EQ(losses(load(precision)), losses(load(precision))) << name_of(precision);
}

TEST_P(PrecisionTest, AModelSaysWhatItComputesWith) {
  EXPECT_EQ(load(Precision::int8).info().precision, Precision::int8);
  EXPECT_EQ(load(Precision::automatic).info().precision, resolved(Precision::automatic));
}

}  // namespace
}  // namespace incipit
