#include <gtest/gtest.h>

#include "incipit/inspect.h"

namespace incipit {
namespace {

PromptInspection two_tokens() {
  PromptInspection inspection;
  inspection.random_cosine = 0.2;
  inspection.random_cosine_high = 0.25;
  inspection.random_distance = 1.5;
  inspection.median_word_norm = 1.25;
  inspection.tokens.resize(2);
  inspection.tokens[0].norm = 1.5;
  inspection.tokens[0].nearest = {{7, "go\x1bod", 0.61, 1}, {8, "nice", 0.55, 1}, {5, "far", 0.25, 1}};
  inspection.tokens[1].nearest = {{9, "the", 0.25, 1}};
  inspection.similarity = {{1, 0.125}, {0.125, 1}};
  return inspection;
}

testing::AssertionResult says(const PromptInspection& inspection, const std::string& needle) {
  const std::string text = format_inspection(inspection);
  if (text.find(needle) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "no \"" << needle << "\" in\n" << text;
}

TEST(InspectionText, SaysWhichTokensLieNearNoWord) {
  const PromptInspection inspection = two_tokens();
  EXPECT_TRUE(says(inspection, "    1    1.500  go od 0.61, nice 0.55\n"))
      << "control characters are not passed on";
  EXPECT_TRUE(says(inspection, "no nearer to any word than chance (nearest: the 0.25)\n"));
  EXPECT_TRUE(says(inspection, "1 of 2 tokens lie no nearer to a word than a random vector does"));
  EXPECT_TRUE(says(inspection, "cosine 0.200 (95 % have less than 0.250) and distance 1.50"));
  EXPECT_TRUE(says(inspection, "0.125 on average, 0.125 at most (tokens 1 and 2)"));
}

TEST(InspectionText, LeavesOutWhatNobodyMeasured) {
  PromptInspection inspection = two_tokens();
  EXPECT_FALSE(says(inspection, "accuracy"));
  EXPECT_FALSE(says(inspection, "attention"));
  EXPECT_FALSE(says(inspection, "moved"));
  EXPECT_TRUE(says(inspection, "the adapter does not say where its virtual tokens started"));
  inspection.comparable = false;
  inspection.insert_layer = 3;
  for (VirtualTokenView& token : inspection.tokens) token.nearest.clear();
  EXPECT_TRUE(says(inspection, "2 virtual tokens that join before layer 3: hidden states"));
  EXPECT_FALSE(says(inspection, "chance"));
  EXPECT_FALSE(says(inspection, "words nearer"));
}

TEST(InspectionText, ShowsMovementAttentionAndWorth) {
  PromptInspection inspection = two_tokens();
  inspection.movement = {{0.5, 1.5}, {1, 3}};
  inspection.tokens[1].movement = 3;
  inspection.examples = 100;
  inspection.accuracy = 0.75;
  inspection.accuracy_without_prompt = 0.5;
  inspection.tokens[0].accuracy_without = 0.72;
  inspection.tokens[0].attention = 0.0625;
  inspection.attention = {{0, {0.25, 0.125}, 0.5, 0.125}};
  EXPECT_TRUE(says(inspection, "    1    1.500    0.000     0.0625      0.7200 (-0.0300)  go od"));
  EXPECT_TRUE(says(inspection, "    0    1.000    0.500    1.500\n    1    2.000    1.000    3.000\n"));
  EXPECT_TRUE(says(inspection, "accuracy on 100 texts: 0.7500 with the whole prompt (95 % interval 0.65"));
  EXPECT_TRUE(says(inspection, "0.5000 without any virtual token; one text is 0.0100"));
  EXPECT_TRUE(says(inspection, "    0          0.3750          0.5000  0.1250\n"));
}

}  // namespace
}  // namespace incipit
