#include "prompt/demonstration.h"

#include <gtest/gtest.h>

#include "prompt/fixed_words.h"
#include "prompt/template.h"

namespace incipit {
namespace {

class DemonstrationTest : public testing::Test {
 protected:
  void SetUp() override {
    auto loaded = Tokenizer::load(INCIPIT_SOURCE_DIR "/tests/golden/tokenizers/roberta/tokenizer.json");
    ASSERT_TRUE(loaded) << loaded.error().message;
    tokenizer_.emplace(std::move(*loaded));
  }
  /// The parts' texts, tokenized one by one.
  std::vector<std::int32_t> ids(const std::vector<std::string>& parts) const {
    std::vector<std::int32_t> all;
    for (const std::string& part : parts) {
      const auto own = *tokenizer_->encode_words(part);
      all.insert(all.end(), own.begin(), own.end());
    }
    return all;
  }
  std::vector<std::int32_t> demonstrated(std::string_view source, const Demonstration& demonstration) const {
    const auto made = demonstration_source(source, demonstration);
    EXPECT_TRUE(made) << made.error().message;
    const auto encoded = encode_fixed(*made, *tokenizer_);
    EXPECT_TRUE(encoded) << encoded.error().message << "\n" << *made;
    return *encoded;
  }

  std::optional<Tokenizer> tokenizer_;
};

TEST_F(DemonstrationTest, HasTheTokensOfTheTemplateItself) {
  EXPECT_EQ(demonstrated("Review: {text_a} It was {mask}.", {"a good film", std::nullopt, " great"}),
            ids({"Review:", " a good film", " It was", " great", ".", "\n\n"}));
  EXPECT_EQ(demonstrated("{text_a}, {text_b}? {mask}", {"x", "y", "no"}),
            ids({"x", ",", " y", "?", "no", "\n\n"}));
}

TEST_F(DemonstrationTest, WhatATextHoldsIsData) {
  const std::string text = "a {mask} \"{{soft}}\" \\n c:\\new\n}line's {text_b";
  EXPECT_EQ(demonstrated("{{{text_a}}} {mask}", {text, std::nullopt, " b}"}),
            ids({"{", text, "}", " b}", "\n\n"}));
}

TEST_F(DemonstrationTest, StandsBeforeItsTemplate) {
  const std::string source = "Review: {text_a} It was {mask}";
  const auto before = demonstration_source(source, {"a good film", std::nullopt, " great"});
  ASSERT_TRUE(before);
  const auto whole = Template::create(*before + source, 0, 0, *tokenizer_, true);
  const auto alone = Template::create(source, 0, 0, *tokenizer_, true);
  ASSERT_TRUE(whole) << whole.error().message;
  const PositionRule rule{0, 512, std::nullopt};
  const auto first = whole->apply(*tokenizer_, rule, "dull", std::nullopt, 512);
  const auto second =
      alone->apply(*tokenizer_, rule, "dull", std::nullopt, 512, *encode_fixed(*before, *tokenizer_));
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->token, second->token);
  EXPECT_EQ(first->mask, second->mask);
  EXPECT_EQ(first->mask, first->size() - 1);
  // What stands before it takes room of the text, and is not cut itself.
  const auto cut = alone->apply(*tokenizer_, rule, "dull dull dull dull", std::nullopt, first->size(),
                                *encode_fixed(*before, *tokenizer_));
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->size(), first->size());
  EXPECT_GT(cut->truncated, 0);
}

TEST_F(DemonstrationTest, WhatCannotBeShownIsNamed) {
  const auto message = [](std::string_view source) {
    const auto made = demonstration_source(source, {"a", std::nullopt, "b"});
    return made ? "no error" : made.error().message;
  };
  EXPECT_NE(message("{text_a} {soft} {mask}").find("virtual tokens"), std::string::npos);
  EXPECT_NE(message("{text_a}").find("no {mask}"), std::string::npos);
  EXPECT_NE(message("{text_a} {text_b} {mask}").find("second text"), std::string::npos);
}

}  // namespace
}  // namespace incipit
