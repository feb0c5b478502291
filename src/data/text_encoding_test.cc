#include "data/text_encoding.h"

#include <gtest/gtest.h>

#include "base/utf8.h"

namespace incipit {
namespace {

TEST(Latin1, BecomesUtf8) {
  std::string out;
  append_latin1("caf\xE9 \x80\xFF", out);
  EXPECT_EQ(out, "café \xC2\x80ÿ");
  EXPECT_TRUE(is_valid_utf8(out));
}

TEST(Quotes, KeepErrorsOnOneLine) {
  EXPECT_EQ(in_quotes("a\nb\tc"), "\"a?b?c\"");
  const std::string long_text = in_quotes(std::string(59, 'a') + "é" + std::string(100, 'b'));
  EXPECT_EQ(long_text, "\"" + std::string(59, 'a') + "…\"") << "cut before the character that does not fit";
  const std::vector<std::string> many(23, "x");
  EXPECT_TRUE(list_in_quotes(many).ends_with("\"x\" and 3 more"));
}

}  // namespace
}  // namespace incipit
