#include "score/loss.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace incipit {
namespace {

Matrix make_logits() {
  Matrix logits(3, 3);
  const float values[] = {0.5f, -1.0f, 2.0f, 30.0f, 1.0f, -30.0f, 0.1f, 0.2f, 0.3f};
  std::copy_n(values, 9, logits.data());
  return logits;
}

TEST(CrossEntropy, MatchesItsDefinitionAndItsSlope) {
  const std::vector<int> labels = {2, 0, 1};
  const std::vector<double> weights = {0.5, 2.0, 1.0};
  const double total = 1.0 + 0.5 + 2.0;
  Matrix logits = make_logits(), gradient(3, 3), unused(3, 3);
  const WeightedSum loss =
      cross_entropy(std::as_const(logits).view(), labels, weights, total, gradient.view());
  EXPECT_DOUBLE_EQ(loss.weight, total);
  double expected = 0;
  for (int i = 0; i < 3; ++i) {
    double sum = 0;
    for (int j = 0; j < 3; ++j) sum += std::exp(static_cast<double>(logits.row(i)[j]));
    expected += weights[labels[i]] * (std::log(sum) - logits.row(i)[labels[i]]);
  }
  EXPECT_NEAR(loss.sum, expected, 1e-6);
  for (std::int64_t i = 0; i < 9; ++i) {
    const float start = logits.data()[i];
    logits.data()[i] = start + 1e-2f;
    const double above =
        cross_entropy(std::as_const(logits).view(), labels, weights, total, unused.view()).mean();
    logits.data()[i] = start - 1e-2f;
    const double below =
        cross_entropy(std::as_const(logits).view(), labels, weights, total, unused.view()).mean();
    logits.data()[i] = start;
    EXPECT_NEAR(gradient.data()[i], (above - below) / 2e-2, 1e-4);
  }
}

TEST(CrossEntropy, PartsAddUp) {
  const std::vector<int> labels = {2, 0, 1};
  const Matrix logits = make_logits();
  Matrix whole(3, 3), part(1, 3);
  const WeightedSum loss = cross_entropy(logits.view(), labels, {}, 3.0, whole.view());
  WeightedSum sum;
  for (std::int64_t i = 0; i < 3; ++i) {
    sum += cross_entropy({logits.row(i), 1, 3, 3}, std::span(labels).subspan(static_cast<std::size_t>(i), 1),
                         {}, 3.0, part.view());
    for (int j = 0; j < 3; ++j) EXPECT_EQ(part.data()[j], whole.row(i)[j]);
  }
  EXPECT_DOUBLE_EQ(sum.mean(), loss.mean());
}

}  // namespace
}  // namespace incipit
