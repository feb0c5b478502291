#include "tune/step_cost.h"

#include <vector>

#include <gtest/gtest.h>

namespace incipit {
namespace {

/// Three layers of 4 x 4 weights, so that every matmul of r rows takes 32 r operations.
BackboneSpec square() {
  BackboneSpec spec;
  spec.hidden_size = spec.intermediate_size = 4;
  spec.num_layers = 3;
  spec.num_attention_heads = 2;
  spec.num_key_value_heads = 1;
  spec.head_dim = 2;
  return spec;
}

double rows_of(const StepShape& shape) {
  return total_flop(step_matmuls(square(), shape)) / 32;
}

/// Two texts, of 5 and 7 tokens with the three virtual ones of each.
StepShape shape_of(const BackboneSpec& spec, HeadInput head_input) {
  AdapterInfo adapter;
  adapter.num_virtual_tokens = 3;
  adapter.insert_layer = 2;
  adapter.head_input = head_input;
  std::vector<TemplatedExample> examples(2);
  examples[0].token.resize(5);
  examples[1].token.resize(7);
  return step_shape(spec, adapter, examples, true);
}

TEST(StepCost, EveryTextOfAnEncoderHasItsVirtualTokens) {
  const StepShape shape = shape_of(square(), HeadInput::first);
  EXPECT_EQ(shape.text_tokens, 2 + 4);
  EXPECT_EQ(shape.virtual_tokens, 2 * 3);
  EXPECT_EQ(shape.insert_layer, 2);
  EXPECT_EQ(shape.read_rows, 2);
  EXPECT_TRUE(shape.trains);
}

TEST(StepCost, TextsOfACausalModelShareThem) {
  BackboneSpec causal = square();
  causal.is_causal = true;
  const StepShape shape = shape_of(causal, HeadInput::last);
  EXPECT_EQ(shape.text_tokens, 2 + 4);
  EXPECT_EQ(shape.virtual_tokens, 3);
}

TEST(StepCost, AMeanReadsTheWholeText) {
  EXPECT_EQ(shape_of(square(), HeadInput::mean).read_rows, 2 + 4);
}

TEST(StepCost, PredictingCountsEveryLayerOnce) {
  StepShape shape;
  shape.read_rows = 2;
  shape.text_tokens = 10;
  shape.virtual_tokens = 6;
  // Two layers of five matmuls of all rows; of the last one keys and values of all, four of one row a text.
  EXPECT_EQ(rows_of(shape), 2 * 5 * 16 + 16 + 4 * 2);
}

TEST(StepCost, TrainingGoesBackToWhereThePromptJoins) {
  StepShape shape;
  shape.read_rows = 2;
  shape.text_tokens = 10;
  shape.virtual_tokens = 6;
  shape.trains = true;
  const double forward = 2 * 5 * 16 + 16 + 4 * 2;
  // Of the lowest layer queries, keys and values of the virtual tokens alone.
  EXPECT_EQ(rows_of(shape), forward + (16 + 4 * 2) + 5 * 16 + (3 * 16 + 2 * 6));
}

TEST(StepCost, ALatePromptIsNowhereBelow) {
  StepShape shape;
  shape.read_rows = 2;
  shape.text_tokens = 10;
  shape.virtual_tokens = 6;
  shape.insert_layer = 2;
  shape.trains = true;
  const double forward = 2 * 5 * 10 + 16 + 4 * 2;
  EXPECT_EQ(rows_of(shape), forward + (3 * 2 + 2 + 6));
}

TEST(StepCost, WithoutAPromptNothingGoesBack) {
  StepShape shape;
  shape.read_rows = 2;
  shape.text_tokens = 10;
  shape.trains = true;
  EXPECT_EQ(rows_of(shape), 2 * 5 * 10 + 10 + 4 * 2);
}

TEST(StepCost, GatesDoubleTheWayUp) {
  BackboneSpec gated = square();
  gated.is_gated = true;
  StepShape shape;
  shape.read_rows = 1;
  shape.text_tokens = 1;
  EXPECT_EQ(total_flop(step_matmuls(gated, shape)) / 32, 3 * 6);
}

}  // namespace
}  // namespace incipit
