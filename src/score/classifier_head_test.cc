#include "score/classifier_head.h"

#include <cmath>
#include <ostream>

#include <gtest/gtest.h>

#include "base/rng.h"
#include "score/loss.h"

namespace incipit {
namespace {

constexpr std::int64_t kHidden = 20, kLabels = 3;
constexpr float kStep = 2e-3f;  // small, so that few values of relu cross its kink

struct Kind {
  friend void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

  std::string name;
  HeadSpec spec;
  HeadInput input;
  float dropout;
};

std::vector<Kind> kinds() {
  HeadSpec bert{"bert.pooler.dense", true, Activation::tanh, "classifier", false, 0.3f, 0.5};
  HeadSpec roberta{"classifier.dense", false, Activation::tanh, "classifier.out_proj", true, 0.3f, 0.5};
  HeadSpec distilbert{"pre_classifier", false, Activation::relu, "classifier", false, 0.3f, 0.5};
  return {{"bert_first", bert, HeadInput::first, 0},      {"bert_mean", bert, HeadInput::mean, 1},
          {"roberta", roberta, HeadInput::cls, 0},        {"roberta_dropout", roberta, HeadInput::cls, 1},
          {"distilbert", distilbert, HeadInput::mean, 1}, {"bert_dropout", bert, HeadInput::cls, 1}};
}

class Heads : public testing::TestWithParam<Kind> {};
INSTANTIATE_TEST_SUITE_P(All, Heads, testing::ValuesIn(kinds()),
                         [](const auto& kind) { return kind.param.name; });

TEST_P(Heads, GradientsByFiniteDifferences) {
  HeadWeights weights;
  weights.spec = GetParam().spec;
  weights.hidden_size = kHidden;
  ClassifierHead head = ClassifierHead::create(weights, GetParam().input, kLabels, 4);
  Rng rng(1);
  Matrix vectors(5, kHidden);
  for (float& value : vectors.values()) value = static_cast<float>(rng.normal());
  const std::vector<int> labels = {0, 2, 1, 1, 0};
  std::vector<std::uint64_t> keys;
  if (GetParam().dropout > 0) keys = {11, 22, 33, 44, 55};
  ScorePass pass;
  Matrix d_logits(5, kLabels), d_vectors;
  const auto loss = [&] {
    head.forward(std::as_const(vectors).view(), keys, pass);
    return cross_entropy(std::as_const(pass.logits).view(), labels, {}, 5.0, d_logits.view()).mean();
  };
  loss();
  const Matrix d_start = [&] {
    Matrix copy(5, kLabels);
    std::copy_n(d_logits.data(), d_logits.size(), copy.data());
    return copy;
  }();
  head.backward(d_start, pass, d_vectors);
  const auto check = [&](Matrix& value, const Matrix& gradient, const std::string& what) {
    double largest = 1e-3;
    for (const float g : gradient.values()) largest = std::max(largest, std::abs(static_cast<double>(g)));
    for (std::int64_t i = 0; i < value.size(); ++i) {
      const float start = value.data()[i];
      value.data()[i] = start + kStep;
      const double above = loss();
      value.data()[i] = start - kStep;
      const double below = loss();
      value.data()[i] = start;
      EXPECT_NEAR(gradient.data()[i], (above - below) / (2.0 * kStep), 1e-2 * largest) << what << " " << i;
    }
  };
  check(vectors, d_vectors, "vectors");
  const std::size_t expected = GetParam().spec.dense_is_frozen ? 2 : 4;
  EXPECT_EQ(head.parameters().size(), expected);
  for (Parameter* parameter : head.parameters())
    check(parameter->value, parameter->gradient, parameter->name);
}

TEST(ClassifierHead, TakesTheCheckpointsWeightsWhereTheyFit) {
  HeadWeights weights;
  weights.spec = kinds()[2].spec;
  weights.hidden_size = kHidden;
  weights.output = HeadLayerWeights{Matrix(kLabels, kHidden), std::vector<float>(kLabels, 7.0f)};
  const auto bias_of = [&](std::int64_t labels) {
    return ClassifierHead::create(weights, HeadInput::cls, labels, 4).parameters().back()->value.data()[0];
  };
  EXPECT_EQ(bias_of(kLabels), 7.0f);
  EXPECT_EQ(bias_of(kLabels + 1), 0.0f);
}

TEST(ClassifierHead, NewWeightsHaveTheReferencesDistribution) {
  HeadWeights weights;
  weights.spec = kinds()[2].spec;
  weights.spec.initializer_range = 0.02;
  weights.hidden_size = 100;
  const ClassifierHead head = ClassifierHead::create(weights, HeadInput::cls, 2, 4);
  double squares = 0;
  for (const float value : head.parameters()[0]->value.values())
    squares += static_cast<double>(value) * value;
  EXPECT_NEAR(std::sqrt(squares / 10000), 0.02, 0.001);
  for (const float value : head.parameters()[1]->value.values()) EXPECT_EQ(value, 0.0f);
}

TEST(Pooling, MeansAndTheirGradient) {
  Matrix rows(4, 2);
  for (int i = 0; i < 8; ++i) rows.data()[i] = static_cast<float>(i);
  const std::vector<RowRange> ranges = {{0, 1}, {1, 3}};
  Matrix vectors;
  pool_rows(std::as_const(rows).view(), ranges, vectors);
  EXPECT_EQ(vectors.row(0)[1], 1.0f);
  EXPECT_FLOAT_EQ(vectors.row(1)[0], 4.0f);
  Matrix d_rows(4, 2);
  pool_rows_backward(std::as_const(vectors).view(), ranges, d_rows.view());
  EXPECT_EQ(d_rows.row(0)[1], 1.0f);
  EXPECT_FLOAT_EQ(d_rows.row(3)[0], 4.0f / 3.0f);
}

}  // namespace
}  // namespace incipit
