#include "incipit/ensemble.h"

#include <cmath>

#include <gtest/gtest.h>

namespace incipit {
namespace {

Prediction says(std::vector<float> probabilities) {
  Prediction prediction;
  prediction.probabilities = std::move(probabilities);
  return prediction;
}

TEST(Ensemble, AveragesProbabilitiesAndNotVotes) {
  const std::vector<std::vector<Prediction>> members = {
      {says({0.45f, 0.55f}), says({0.75f, 0.25f})},
      {says({0.4f, 0.6f}), says({0.25f, 0.75f})},
      {says({0.95f, 0.05f}), says({0.2f, 0.8f})},
  };
  const std::vector<Prediction> together = average_predictions(members);
  ASSERT_EQ(together.size(), 2u);
  EXPECT_EQ(together[0].label, 0) << "two of three say 1, the sure one says 0";
  EXPECT_NEAR(together[0].probabilities[0], 0.6, 1e-6);
  EXPECT_NEAR(together[0].logits[1], std::log(0.4), 1e-6);
  EXPECT_EQ(together[1].label, 1);
  EXPECT_NEAR(together[1].probabilities[1], 0.6, 1e-6);
}

TEST(Ensemble, OfOneIsItself) {
  std::vector<std::vector<Prediction>> members = {{says({0.3f, 0.7f})}};
  EXPECT_FALSE(average_predictions(members)[0].truncated);
  members[0][0].truncated = true;
  const std::vector<Prediction> together = average_predictions(members);
  EXPECT_EQ(together[0].probabilities, members[0][0].probabilities);
  EXPECT_TRUE(together[0].truncated);
}

}  // namespace
}  // namespace incipit
