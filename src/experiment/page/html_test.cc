#include "experiment/page/html.h"

#include <gtest/gtest.h>

namespace incipit {
namespace {

TEST(Html, TextCannotBecomeMarkup) {
  EXPECT_EQ(text("a <b> & \"c\" 'd' </script>").html(),
            "a &lt;b&gt; &amp; &quot;c&quot; &#39;d&#39; &lt;/script&gt;");
  EXPECT_EQ(element("p", {{"title", "\"><script>"}}, text("<")).html(),
            "<p title=\"&quot;&gt;&lt;script&gt;\">&lt;</p>");
  EXPECT_EQ(element("p", "<i>").html(), "<p>&lt;i&gt;</p>");
}

TEST(Html, ControlCharactersAndWrongBytesAreReplaced) {
  EXPECT_EQ(text(std::string_view("a\0b\x1B\x7F", 5)).html(), "a\uFFFDb\uFFFD\uFFFD");
  EXPECT_EQ(text("a\tb\nc").html(), "a\tb\nc");
  EXPECT_EQ(text("caf\xE9 \xC2\x85").html(), "caf\uFFFD \uFFFD");
  EXPECT_EQ(text("软提示 😀").html(), "软提示 😀");
}

TEST(Html, Shortens) {
  EXPECT_EQ(shortened("软提示", 3), "软提示");
  EXPECT_EQ(shortened("软提示", 2), "软提…");
}

}  // namespace
}  // namespace incipit
