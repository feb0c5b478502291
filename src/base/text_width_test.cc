#include "base/text_width.h"

#include <gtest/gtest.h>

namespace incipit {
namespace {

TEST(TextWidth, CountsColumns) {
  EXPECT_EQ(display_width(""), 0u);
  EXPECT_EQ(display_width("head"), 4u);
  EXPECT_EQ(display_width("schön"), 5u);
  EXPECT_EQ(display_width("schon\xCC\x88"), 5u) << "a combining diaeresis";
  EXPECT_EQ(display_width("软提示"), 6u);
  EXPECT_EQ(display_width("ソフト、"), 8u);
  EXPECT_EQ(display_width("한국어"), 6u);
  EXPECT_EQ(display_width("ｆｕｌｌ"), 8u);
  EXPECT_EQ(display_width("😀"), 2u);
  EXPECT_EQ(display_width("±…–"), 3u);
  EXPECT_EQ(display_width("\xFF"), 1u);
}

TEST(TextWidth, PadsByColumns) {
  EXPECT_EQ(pad_right("提示", 6), "提示  ");
  EXPECT_EQ(pad_left("提示", 6), "  提示");
  EXPECT_EQ(pad_right("prompt", 3), "prompt");
}

TEST(TextWidth, FitsOnALine) {
  EXPECT_EQ(fit_on_line("prompt", 6), "prompt");
  EXPECT_EQ(fit_on_line("prompts", 6), "promp…");
  EXPECT_EQ(fit_on_line("提示提示", 8), "提示提示");
  EXPECT_EQ(fit_on_line("提示提示", 7), "提示提…");
  EXPECT_EQ(fit_on_line("提示提示", 6), "提示…") << "half a character is left over";
  EXPECT_EQ(fit_on_line("ab", 1), "…");
  EXPECT_EQ(fit_on_line("a\x1B[31m\nb\x7F", 20), "a [31m b ");
  EXPECT_EQ(fit_on_line("a\xE2\x80\xAE"
                        "b",
                        20),
            "a b")
      << "turns the direction of writing";
  EXPECT_EQ(fit_on_line("caf\xE9", 20), "caf\xEF\xBF\xBD");
}

}  // namespace
}  // namespace incipit
