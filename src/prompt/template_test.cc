#include "prompt/template.h"

#include <filesystem>

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
  EXPECT_EQ(example.cls, 3);
  EXPECT_EQ(example.last, 7);
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

TEST(Template, TheLastTokenIsNoVirtualOne) {
  EXPECT_EQ(Template(0, 0).arrange(kPair, kBert).last, 4);
  EXPECT_EQ(Template(2, 1).arrange({{5}, {0}, 0}, kBert).last, 2);
}

/// With a real tokenizer: RoBERTa's kind, whose blanks belong to words.
class TemplateWordsTest : public testing::Test {
 protected:
  TemplateWordsTest() : tokenizer_(*Tokenizer::load(folder() / "roberta/tokenizer.json")) {}

  static std::filesystem::path folder() {
    return std::filesystem::path(INCIPIT_SOURCE_DIR) / "tests/golden/tokenizers";
  }

  Template make(std::string_view source, std::int64_t rows = 0, std::int64_t layer = 0) {
    auto made = Template::create(source, rows, layer, tokenizer_, false);
    EXPECT_TRUE(made) << made.error().message;
    return *made;
  }

  std::string failure(std::string_view source) {
    const auto made = Template::create(source, 0, 0, tokenizer_, false);
    return made ? "" : made.error().message;
  }

  TemplatedExample applied(const Template& input, std::string_view a, std::optional<std::string_view> b = {},
                           std::int64_t length = 512) {
    auto example = input.apply(tokenizer_, kRoberta, a, b, length);
    EXPECT_TRUE(example) << example.error().message;
    return *example;
  }

  Ints whole(std::string_view text) { return tokenizer_.encode(text, std::nullopt, 512)->ids; }

  Tokenizer tokenizer_;
};

TEST_F(TemplateWordsTest, PiecesMakeTheWholeString) {
  const Template input = make("{text_a} It was {mask}.");
  const TemplatedExample example = applied(input, "A quiet miracle");
  EXPECT_EQ(example.token, whole("A quiet miracle It was<mask>."));
  EXPECT_EQ(example.token[static_cast<std::size_t>(example.mask)], *tokenizer_.id("<mask>"));
  EXPECT_EQ(example.cls, 0);
  EXPECT_EQ(applied(make("Review: {text_a}"), "A quiet miracle").token, whole("Review: A quiet miracle"));
  EXPECT_EQ(applied(make("{text_a}"), "A quiet miracle").token, whole("A quiet miracle"));
}

TEST_F(TemplateWordsTest, OnlyInputsAreCut) {
  const Template input = make("{text_a} It was {mask}.");
  const std::int64_t fixed = input.smallest_length();
  const TemplatedExample example = applied(input, "one two three four five six", {}, fixed + 2);
  EXPECT_EQ(example.size(), fixed + 2);
  EXPECT_GT(example.truncated, 0);
  EXPECT_EQ(example.token[static_cast<std::size_t>(example.mask)], *tokenizer_.id("<mask>"));
  EXPECT_FALSE(input.apply(tokenizer_, kRoberta, "a", {}, fixed - 1));
  const Template whole_input = make(R"({"placeholder":"text_a","shortenable":false} It was {mask})");
  EXPECT_FALSE(whole_input.apply(tokenizer_, kRoberta, "one two three four five six", {}, fixed));
}

TEST_F(TemplateWordsTest, SoftTokensAnywhere) {
  const Template input = make(R"({soft}{text_a}{"soft":"It was","soft_id":1} {mask}{"soft_id":1})", 5);
  EXPECT_EQ(input.rows(), 1 + std::ssize(*tokenizer_.encode_words("It was"))) << "the template's own alone";
  const TemplatedExample example = applied(input, "fine");
  EXPECT_EQ(example.token[1], -1);
  EXPECT_EQ(example.cls, 0);
  const auto first_shared = std::find(example.token.begin(), example.token.end(), -2);
  EXPECT_NE(std::find(first_shared + 1, example.token.end(), -2), example.token.end()) << "shared by soft_id";
  EXPECT_FALSE(input.row_words()[0]);
  EXPECT_EQ(input.row_words()[1], tokenizer_.encode_words("It was")->front());
  for (std::int32_t i = 0; i < std::ssize(example.position); ++i)
    EXPECT_EQ(example.position[static_cast<std::size_t>(i)], 2 + i);
}

TEST_F(TemplateWordsTest, VirtualTokensInFrontOfWords) {
  const TemplatedExample example = applied(make("Review: {text_a}", 2), "A quiet miracle");
  EXPECT_EQ(example.token[0], -1);
  EXPECT_EQ(example.token[1], -2);
  EXPECT_EQ(example.cls, 2);
  EXPECT_EQ(example.token[2], whole("").front());
}

TEST_F(TemplateWordsTest, PairsAreAskedFor) {
  const Template input = make("{text_a} ? {mask}, {text_b}");
  EXPECT_EQ(applied(input, "One", "two").token, whole("One ?<mask>, two"));
  EXPECT_FALSE(input.apply(tokenizer_, kRoberta, "One", std::nullopt, 512));
}

TEST_F(TemplateWordsTest, RefusesWhatCannotBeRead) {
  EXPECT_NE(failure("no input").find("no {text_a}"), std::string::npos);
  EXPECT_NE(failure(R"({text_a} {"special":"<nonsense>"})").find("column 10: the vocabulary has no token"),
            std::string::npos);
}

TEST_F(TemplateWordsTest, CountsUnknownWords) {
  const Tokenizer bert = *Tokenizer::load(folder() / "bert/tokenizer.json");
  const auto chinese = Template::create("这个句子的情感是：{text_a}", 0, 0, bert, false);
  ASSERT_TRUE(chinese);
  EXPECT_GT(chinese->unknown_tokens(), 0);
  EXPECT_LE(chinese->unknown_tokens(), chinese->fixed_tokens());
  EXPECT_EQ(make("这个句子的情感是：{text_a}").unknown_tokens(), 0) << "bytes are always known";
}

TEST_F(TemplateWordsTest, TheBlankOfACausalModelFollowsTheLastToken) {
  const auto made = Template::create("{text_a}\\nIt was {mask}", 2, 0, tokenizer_, true);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_TRUE(made->blank_before_mask());
  const TemplatedExample example = applied(*made, "fine");
  EXPECT_EQ(example.mask, example.size() - 1) << "nothing stands behind it, no </s> either";
  EXPECT_NE(tokenizer_.token(example.token.back()), "</s>");
  const auto inside = Template::create("{mask} it was", 0, 0, tokenizer_, true);
  EXPECT_FALSE(inside);
}

}  // namespace
}  // namespace incipit
