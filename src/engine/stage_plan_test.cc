#include "engine/stage_plan.h"

#include <gtest/gtest.h>

namespace incipit {
namespace {

/// Sequences given by the entry layers of their tokens.
PackedBatch batch_of(const std::vector<std::vector<int>>& entries) {
  PackedBatch batch;
  for (const std::vector<int>& sequence : entries) {
    batch.sequences.push_back({batch.size(), static_cast<std::int64_t>(sequence.size()), 0});
    for (int entry : sequence) {
      batch.token.push_back(5);
      batch.position.push_back(0);
      batch.token_type.push_back(0);
      batch.entry.push_back(static_cast<std::uint8_t>(entry));
    }
  }
  return batch;
}

TEST(StagePlan, OneStageWhereAllJoinAtOnce) {
  const auto stages = plan_stages(batch_of({{0, 0}, {0}}), 6);
  ASSERT_TRUE(stages);
  ASSERT_EQ(stages->size(), 1u);
  EXPECT_EQ((*stages)[0].end_layer, 6);
  EXPECT_EQ((*stages)[0].previous, (std::vector<std::int64_t>{-1, -1, -1}));
}

TEST(StagePlan, TokensJoinInTheOrderOfTheBatch) {
  // Two prompts of different depth in one batch, and a sequence that resumes at layer 3.
  const auto stages = plan_stages(batch_of({{2, 0, 0}, {4, 4, 0}, {3, 3}}), 6);
  ASSERT_TRUE(stages);
  ASSERT_EQ(stages->size(), 4u);
  EXPECT_EQ((*stages)[0].token, (std::vector<std::int64_t>{1, 2, 5}));
  EXPECT_EQ((*stages)[0].spans[2].count, 0);
  EXPECT_EQ((*stages)[1].token, (std::vector<std::int64_t>{0, 1, 2, 5}));
  EXPECT_EQ((*stages)[1].previous, (std::vector<std::int64_t>{-1, 0, 1, 2}));
  EXPECT_EQ((*stages)[2].token, (std::vector<std::int64_t>{0, 1, 2, 5, 6, 7}));
  EXPECT_EQ((*stages)[3].token, (std::vector<std::int64_t>{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ((*stages)[3].previous, (std::vector<std::int64_t>{0, 1, 2, -1, -1, 3, 4, 5}));
  EXPECT_EQ((*stages)[3].first_layer, 4);
  EXPECT_EQ((*stages)[3].end_layer, 6);
}

TEST(StagePlan, RefusesWhatDoesNotFit) {
  EXPECT_NE(plan_stages(batch_of({{0, 6}}), 6).error().message.find("token 1 joins at layer 6"),
            std::string::npos);
  PackedBatch batch = batch_of({{0, 0}});
  batch.read = {1, 0};
  EXPECT_FALSE(plan_stages(batch, 6));
  batch.read = {2};
  EXPECT_FALSE(plan_stages(batch, 6));
  batch.read = {};
  batch.sequences[0].count = 1;
  EXPECT_FALSE(plan_stages(batch, 6));
  batch = batch_of({{0}, {0}, {0}});
  batch.sequences[2].parent = 1;
  EXPECT_TRUE(plan_stages(batch, 6));
  for (const std::int64_t parent : {1, 2, -2}) {
    batch.sequences[1].parent = parent;
    EXPECT_NE(plan_stages(batch, 6).error().message.find("sequence 1 continues"), std::string::npos);
  }
}

}  // namespace
}  // namespace incipit
