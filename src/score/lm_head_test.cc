#include "score/lm_head.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "base/rng.h"

namespace incipit {
namespace {

constexpr std::int64_t kHidden = 12;

Matrix random_matrix(std::int64_t rows, std::int64_t cols, double scale, std::uint64_t seed) {
  Rng rng(seed);
  Matrix matrix(rows, cols);
  for (float& value : matrix.values()) value = static_cast<float>(scale * rng.normal());
  return matrix;
}

std::vector<float> random_vector(std::int64_t size, double scale, std::uint64_t seed) {
  const Matrix row = random_matrix(1, size, scale, seed);
  return {row.values().begin(), row.values().end()};
}

/// A causal head, or a masked one with its transform and bias.
LmHead random_head(std::int64_t vocabulary, bool masked) {
  LmHeadWeights weights;
  weights.decoder = random_matrix(vocabulary, kHidden, 0.5, 1);
  if (masked) {
    weights.bias = random_vector(vocabulary, 0.5, 2);
    const Matrix dense = random_matrix(kHidden, kHidden, 0.4, 3);
    weights.transform.emplace(dense.view(), random_vector(kHidden, 0.2, 4));
    weights.norm = {random_vector(kHidden, 1, 5), random_vector(kHidden, 0.2, 6), 1e-5f};
  }
  return LmHead(std::move(weights));
}

/// Several words a row, the first and the last of the vocabulary, one word twice, and a row without any.
std::vector<LmTarget> some_targets(std::int64_t rows, std::int64_t vocabulary) {
  std::vector<LmTarget> targets = {{0, 0}, {0, 3}, {0, 3}};
  Rng rng(7);
  for (std::int64_t row = 2; row < rows; ++row)
    targets.push_back({row, static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(vocabulary)))});
  targets.push_back({rows - 1, static_cast<std::int32_t>(vocabulary - 1)});
  std::swap(targets.front(), targets.back());
  return targets;
}

class LmHeadTest : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Kinds, LmHeadTest, testing::Bool(),
                         [](const auto& masked) { return masked.param ? "masked" : "causal"; });

/// More words and rows than a block of either.
TEST_P(LmHeadTest, LogProbabilitiesAreTheSoftmaxOfTheLogits) {
  for (const std::int64_t vocabulary : {7, 8192, 8193, 20000})
    for (const std::int64_t rows : {3, 300}) {
      SCOPED_TRACE(testing::Message() << vocabulary << " words, " << rows << " rows");
      const LmHead head = random_head(vocabulary, GetParam());
      const Matrix hidden = random_matrix(rows, kHidden, 1, 8);
      const std::vector<LmTarget> targets = some_targets(rows, vocabulary);
      LmHeadPass pass;
      Matrix logits;
      head.logits(hidden.view(), pass, logits);
      ASSERT_EQ(logits.cols(), vocabulary);
      std::vector<float> out(targets.size());
      head.log_probabilities(hidden.view(), targets, pass, out);
      for (std::size_t t = 0; t < targets.size(); ++t) {
        const float* row = logits.row(targets[t].row);
        double sum = 0;
        for (std::int64_t j = 0; j < vocabulary; ++j) sum += std::exp(static_cast<double>(row[j]));
        EXPECT_NEAR(out[t], static_cast<double>(row[targets[t].id]) - std::log(sum), 2e-5);
      }
    }
}

TEST_P(LmHeadTest, GradientsMatchDifferences) {
  for (const std::int64_t vocabulary : {30, 8200}) {
    const LmHead head = random_head(vocabulary, GetParam());
    constexpr std::int64_t kRows = 5;
    Matrix hidden = random_matrix(kRows, kHidden, 1, 8);
    const std::vector<LmTarget> targets = some_targets(kRows, vocabulary);
    const std::vector<float> d_out = random_vector(std::ssize(targets), 1, 9);
    LmHeadPass pass;
    std::vector<float> out(targets.size());
    const auto loss = [&] {
      head.log_probabilities(std::as_const(hidden).view(), targets, pass, out);
      double sum = 0;
      for (std::size_t t = 0; t < out.size(); ++t) sum += static_cast<double>(out[t]) * d_out[t];
      return sum;
    };
    loss();
    Matrix gradient = random_matrix(kRows, kHidden, 1, 10);  // overwritten
    head.log_probabilities_backward(targets, d_out, pass, gradient.view());
    for (std::int64_t i = 0; i < hidden.size(); ++i) {
      const float start = hidden.data()[i];
      hidden.data()[i] = start + 1e-2f;
      const double above = loss();
      hidden.data()[i] = start - 1e-2f;
      const double below = loss();
      hidden.data()[i] = start;
      EXPECT_NEAR(gradient.data()[i], (above - below) / 2e-2, 5e-3) << i;
    }
    for (std::int64_t j = 0; j < kHidden; ++j)
      EXPECT_EQ(gradient.row(1)[j], 0.0f) << "nothing is asked of it";
  }
}

/// Rows in one call and in several, over a block's end.
TEST_P(LmHeadTest, RowsAreIndependent) {
  const LmHead head = random_head(9000, GetParam());
  constexpr std::int64_t kRows = 300;
  const Matrix hidden = random_matrix(kRows, kHidden, 1, 8);
  std::vector<LmTarget> targets;
  for (std::int64_t row = 0; row < kRows; ++row)
    targets.push_back({row, static_cast<std::int32_t>(row * 30)});
  const std::vector<float> d_out(kRows, 1.0f);
  LmHeadPass pass;
  std::vector<float> all(kRows), one(1);
  head.log_probabilities(hidden.view(), targets, pass, all);
  Matrix d_all(kRows, kHidden), d_one(1, kHidden);
  head.log_probabilities_backward(targets, d_out, pass, d_all.view());
  for (const std::int64_t row : {0, 43, 255, 256, 299}) {
    const ConstMatrixView single(hidden.row(row), 1, kHidden, kHidden);
    const LmTarget target{0, targets[static_cast<std::size_t>(row)].id};
    head.log_probabilities(single, std::span(&target, 1), pass, one);
    EXPECT_NEAR(one[0], all[static_cast<std::size_t>(row)], 1e-5);
    head.log_probabilities_backward(std::span(&target, 1), std::span(d_out).first(1), pass, d_one.view());
    for (std::int64_t j = 0; j < kHidden; ++j) EXPECT_NEAR(d_one.row(0)[j], d_all.row(row)[j], 1e-5);
  }
}

}  // namespace
}  // namespace incipit
