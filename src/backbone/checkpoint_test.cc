#include "backbone/checkpoint.h"

#include <gtest/gtest.h>

#include "support/synthetic_model.h"
#include "support/test_folder.h"

namespace incipit {
namespace {

TEST(Checkpoint, FindsEverySpellingAndRemembersWhatWasUsed) {
  const TestFolder folder;
  const std::vector<TensorSpec> tensors = {
      {"embeddings.LayerNorm.gamma", {4}}, {"bert.pooler.dense.weight", {4, 4}}, {"cls.extra", {2}}};
  ASSERT_TRUE(write_synthetic_model(folder.path(), tiny_config("bert"), tensors, {}));
  Checkpoint checkpoint(*TensorStore::open(folder.path()), "bert.");
  EXPECT_EQ(checkpoint.unused().size(), 3u);
  EXPECT_TRUE(checkpoint.vector("bert.embeddings.LayerNorm.weight", 4))
      << "without prefix, TensorFlow's name";
  EXPECT_TRUE(checkpoint.matrix("bert.pooler.dense.weight", 4, 4));
  EXPECT_EQ(checkpoint.unused(), std::vector<std::string>{"cls.extra"});
  EXPECT_FALSE(checkpoint.has("bert.embeddings.LayerNorm.bias"));
  const auto missing = checkpoint.vector("bert.embeddings.LayerNorm.bias", 4);
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("bert.embeddings.LayerNorm.bias is missing"), std::string::npos);
}

}  // namespace
}  // namespace incipit
