#include "eval/confusion.h"

#include <cmath>

#include <gtest/gtest.h>

#include "base/rng.h"

namespace incipit {
namespace {

/// The correlation of the indicator vectors, summed over classes: Gorodkin's definition, term by term.
double slow_matthews(const std::vector<int>& truth, const std::vector<int>& predicted, int classes) {
  const auto count = static_cast<double>(truth.size());
  const auto covariance = [&](const std::vector<int>& a, const std::vector<int>& b) {
    double sum = 0;
    for (int c = 0; c < classes; ++c) {
      double both = 0, in_a = 0, in_b = 0;
      for (std::size_t i = 0; i < a.size(); ++i) {
        in_a += a[i] == c;
        in_b += b[i] == c;
        both += a[i] == c && b[i] == c;
      }
      sum += both / count - in_a / count * in_b / count;
    }
    return sum;
  };
  return covariance(truth, predicted) /
         std::sqrt(covariance(truth, truth) * covariance(predicted, predicted));
}

TEST(Confusion, MatthewsAgreesWithItsDefinition) {
  Rng rng(1);
  for (int classes = 2; classes < 8; ++classes) {
    std::vector<int> truth, predicted;
    std::vector<ClassCounts> counts(static_cast<std::size_t>(classes));
    for (int i = 0; i < 200; ++i) {
      truth.push_back(static_cast<int>(rng.below(static_cast<std::uint64_t>(classes))));
      predicted.push_back(rng.uniform() < 0.6 ? truth.back() : static_cast<int>(rng.below(2)));
      ++counts[static_cast<std::size_t>(truth.back())].support;
      ++counts[static_cast<std::size_t>(predicted.back())].predicted;
      counts[static_cast<std::size_t>(truth.back())].correct += truth.back() == predicted.back();
    }
    EXPECT_NEAR(matthews_correlation(counts), slow_matthews(truth, predicted, classes), 1e-12);
  }
}

TEST(Confusion, RatiosWithoutDenominatorAreZero) {
  EXPECT_EQ(class_metrics({}).f1, 0);
  EXPECT_EQ(class_metrics({.support = 3, .predicted = 0, .correct = 0}).precision, 0);
  EXPECT_EQ(matthews_correlation({{.support = 2, .predicted = 2, .correct = 2}, {}}), 0);
  EXPECT_EQ(macro_f1({{}, {}}), 0);
}

TEST(Confusion, MacroLeavesOutClassesThatAreNowhere) {
  const ClassCounts half{.support = 2, .predicted = 2, .correct = 1};
  EXPECT_DOUBLE_EQ(macro_f1({half, {}, half}), 0.5);
  EXPECT_DOUBLE_EQ(macro_f1({half, {.support = 1, .predicted = 0, .correct = 0}}), 0.25);
  EXPECT_DOUBLE_EQ(main_f1({{}, half}), 0.5);
}

TEST(Confusion, MatthewsOfMillionsDoesNotOverflow) {
  const ClassCounts many{.support = 3'000'000'000, .predicted = 3'000'000'000, .correct = 3'000'000'000};
  EXPECT_DOUBLE_EQ(matthews_correlation({many, many}), 1.0);
}

}  // namespace
}  // namespace incipit
