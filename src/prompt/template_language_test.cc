#include "prompt/template_language.h"

#include <gtest/gtest.h>

#include "base/utf8.h"

namespace incipit {
namespace {

using Kind = TemplatePart::Kind;

std::vector<TemplatePart> parsed(std::string_view source) {
  auto parts = parse_template(source);
  EXPECT_TRUE(parts) << source << ": " << parts.error().message;
  return parts.value_or(std::vector<TemplatePart>());
}

TEST(TemplateLanguage, ShortForm) {
  const auto parts = parsed("{text_a} It was {mask}.");
  ASSERT_EQ(parts.size(), 4u);
  EXPECT_EQ(parts[0].kind, Kind::text_a);
  EXPECT_TRUE(parts[0].shortenable);
  EXPECT_EQ(parts[1].text, " It was") << "the blank before a part belongs to the part";
  EXPECT_FALSE(parts[1].shortenable);
  EXPECT_EQ(parts[2].kind, Kind::mask);
  EXPECT_TRUE(parts[2].blank_before);
  EXPECT_EQ(parts[3].text, ".");
}

TEST(TemplateLanguage, OpenPromptForm) {
  const auto parts = parsed(
      R"({"placeholder": "text_a", "shortenable": False} {"soft": "In short", "soft_id": 2}{"soft": None, "duplicate": 3, "same": True}{"soft"}{'special': '<eos>'}{"text": "{x}", "shortenable": true}{"mask"})");
  ASSERT_EQ(parts.size(), 7u);
  EXPECT_EQ(parts[0].kind, Kind::text_a);
  EXPECT_FALSE(parts[0].shortenable);
  EXPECT_EQ(parts[1].kind, Kind::soft);
  EXPECT_EQ(parts[1].text, "In short");
  EXPECT_EQ(parts[1].soft_id, 2);
  EXPECT_TRUE(parts[1].blank_before);
  EXPECT_EQ(parts[2].count, 3);
  EXPECT_TRUE(parts[2].same);
  EXPECT_EQ(parts[3].kind, Kind::soft);
  EXPECT_EQ(parts[3].count, 1);
  EXPECT_EQ(parts[4].kind, Kind::special);
  EXPECT_EQ(parts[4].text, "<eos>");
  EXPECT_EQ(parts[5].kind, Kind::words);
  EXPECT_EQ(parts[5].text, "{x}");
  EXPECT_TRUE(parts[5].shortenable);
  EXPECT_EQ(parts[6].kind, Kind::mask);
}

TEST(TemplateLanguage, SoftIdAloneIsSoft) {
  const auto parts = parsed(R"({"soft_id": 1}{text_a})");
  EXPECT_EQ(parts.at(0).kind, Kind::soft);
  EXPECT_EQ(parts.at(0).soft_id, 1);
}

TEST(TemplateLanguage, ChineseAndDoubledBraces) {
  const auto parts = parsed("这个句子的情感是：{text_a}{{}}");
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[0].text, "这个句子的情感是：");
  EXPECT_FALSE(parts[1].blank_before);
  EXPECT_EQ(parts[2].text, "{}");
}

struct Mistake {
  const char* source;
  const char* message;
};

class TemplateMistakeTest : public testing::TestWithParam<Mistake> {};

TEST_P(TemplateMistakeTest, NamesTheColumn) {
  const auto parts = parse_template(GetParam().source);
  ASSERT_FALSE(parts);
  EXPECT_NE(parts.error().message.find(GetParam().message), std::string::npos) << parts.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    All, TemplateMistakeTest,
    testing::Values(Mistake{"", "empty"}, Mistake{"{text_a", "column 8: expected ',' or '}', not its end"},
                    Mistake{"ab {texta}", "column 5: 'texta' is not a part"},
                    Mistake{"情感 {x}", "column 5: 'x' is not a part"},
                    Mistake{"text_a} It", "column 7: a '}' without its '{'"},
                    Mistake{"{}", "column 2: expected a name"},
                    Mistake{R"({"soft": "x)", "expected a closing \""},
                    Mistake{R"({"placeholder": "text_c"})", "text_a and text_b are known"},
                    Mistake{R"({"placeholder"})", "'placeholder' is not a part"},
                    Mistake{R"({"mask", "duplicate": 2})", "are for soft parts"},
                    Mistake{R"({"soft": "a b", "duplicate": 2})", "without words"},
                    Mistake{R"({"soft", "duplicate": 0})", "a number from 1"},
                    Mistake{R"({"soft", "shortenable": true})", "only words and inputs"},
                    Mistake{R"({"mask", "soft"})", "the part already is something"},
                    Mistake{R"({"shortenable": true})", "nothing says what this part is"},
                    Mistake{R"({"placeholder": "text_a", "post_processing": "lambda x: x"})", "is code"},
                    Mistake{R"({"soft": lambda})", "'lambda' is no value"}));

TEST(TemplateLanguage, AnErrorIsOneLineOfUtf8WhateverTheNameHolds) {
  for (const char* source : {"{\"a\nb\"}", "{\"a\\nb\"}", "{\"a\r\xff\"}", "{mask, 'a\nb'}",
                             "{\"placeholder\": \"text\na\"}", "{'a\nb': 1, 'c': 2}"}) {
    const auto parts = parse_template(source);
    ASSERT_FALSE(parts) << source;
    const std::string& message = parts.error().message;
    EXPECT_EQ(message.find_first_of("\n\r"), std::string::npos) << message;
    EXPECT_TRUE(is_valid_utf8(message)) << message;
  }
}

}  // namespace
}  // namespace incipit
