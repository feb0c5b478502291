#include "prompt/template.h"

#include <gtest/gtest.h>

namespace incipit {
namespace {

using Ints = std::vector<std::int32_t>;

constexpr PositionRule kBert{0, 512, std::nullopt};
const PositionRule kRoberta{2, 512, 1};
const Encoding kPair{{0, 7, 1, 9, 2}, {0, 0, 0, 1, 1}, 3};

TEST(Template, PromptBeforeEverythingTakesPositions) {
  const Template prompt(3, 0);
  const TemplatedExample example = prompt.arrange(kPair, kBert);
  EXPECT_EQ(example.token, (Ints{-1, -2, -3, 0, 7, 1, 9, 2}));
  EXPECT_EQ(example.position, (Ints{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(example.token_type, (std::vector<std::int8_t>{0, 0, 0, 0, 0, 0, 1, 1}));
  EXPECT_EQ(example.text_first, 3);
  EXPECT_EQ(example.text_count, 5);
  EXPECT_EQ(example.truncated, 3);
  EXPECT_EQ(prompt.room(kBert), 509);
  // RoBERTa is given embeddings then, so even a literal <pad> (id 1) is counted.
  EXPECT_EQ(prompt.arrange(kPair, kRoberta).position, (Ints{2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST(Template, LatePromptLeavesTheTextAsItIs) {
  const Template late(2, 4);
  const TemplatedExample example = late.arrange(kPair, kRoberta);
  EXPECT_EQ(example.entry, (std::vector<std::uint8_t>{4, 4, 0, 0, 0, 0, 0}));
  EXPECT_EQ(example.position, (Ints{0, 0, 2, 3, 1, 4, 5})) << "from ids, a literal <pad> is not counted";
  EXPECT_EQ(late.room(kRoberta), 512);
}

TEST(Template, NoPromptIsThePlainInput) {
  const TemplatedExample example = Template(0, 0).arrange(kPair, kRoberta);
  EXPECT_EQ(example.token, kPair.ids);
  EXPECT_EQ(example.position, (Ints{2, 3, 1, 4, 5}));
}

}  // namespace
}  // namespace incipit
