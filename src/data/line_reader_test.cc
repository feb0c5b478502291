#include "data/line_reader.h"

#include "data/test_folder.h"

namespace incipit {
namespace {

class LineReaderTest : public DataTest {
 protected:
  struct Lines {
    std::vector<std::string> texts;
    std::vector<std::string> ends;
    std::vector<std::string> warnings;
  };

  Lines lines_of(std::string_view content) const {
    Result<LineReader> reader = LineReader::open(write("file", content));
    EXPECT_TRUE(reader) << reader.error().message;
    Lines lines;
    for (;;) {
      const Result<bool> more = reader->next();
      EXPECT_TRUE(more) << more.error().message;
      if (!more || !*more) break;
      lines.texts.emplace_back(reader->text());
      lines.ends.emplace_back(reader->terminator());
      EXPECT_EQ(reader->line(), static_cast<std::int64_t>(lines.texts.size()));
    }
    lines.warnings = reader->warnings();
    return lines;
  }
};

using Texts = std::vector<std::string>;

TEST_F(LineReaderTest, EndsOfLines) {
  const Lines lines = lines_of("one\ntwo\r\n\nthree\rstill\nlast\r");
  EXPECT_EQ(lines.texts, (Texts{"one", "two", "", "three\rstill", "last"}));
  EXPECT_EQ(lines.ends, (Texts{"\n", "\r\n", "\n", "\n", "\r"}));
  EXPECT_TRUE(lines.warnings.empty());
  EXPECT_TRUE(lines_of("").texts.empty());
  EXPECT_EQ(lines_of("no end").texts, Texts{"no end"});
  EXPECT_EQ(lines_of("\n").texts, Texts{""});
}

TEST_F(LineReaderTest, ByteOrderMarkIsSkippedOnceOnly) {
  EXPECT_EQ(lines_of("\xEF\xBB\xBFtext\n\xEF\xBB\xBFtext").texts, (Texts{"text", "\xEF\xBB\xBFtext"}));
  EXPECT_TRUE(lines_of("\xEF\xBB\xBF").texts.empty());
}

TEST_F(LineReaderTest, NulBytesSurvive) {
  EXPECT_EQ(lines_of(std::string_view("a\0b\nc\0", 6)).texts,
            (Texts{std::string("a\0b", 3), std::string("c\0", 2)}));
}

TEST_F(LineReaderTest, Latin1ForTheWholeFile) {
  const Lines lines = lines_of("plain\nbon c\xC3\xA9 in UTF-8\nna\xEFve\n");
  EXPECT_EQ(lines.texts, (Texts{"plain", "bon cÃ© in UTF-8", "naïve"}))
      << "decided for the file, not line by line";
  ASSERT_EQ(lines.warnings.size(), 1u);
  EXPECT_HAS(lines.warnings[0], "line 3");
  EXPECT_HAS(lines.warnings[0], "Latin-1");
}

TEST_F(LineReaderTest, CutInsideACharacter) {
  const Lines cut = lines_of(
      "é\ntext €"
      "\xE2\x82");
  EXPECT_EQ(cut.texts, (Texts{"é", "text €"}));
  ASSERT_EQ(cut.warnings.size(), 1u);
  EXPECT_HAS(cut.warnings[0], "cut off");
  // Without any other sign of UTF-8, a last byte above ASCII is Latin-1's.
  EXPECT_EQ(lines_of("caf\xE9").texts, Texts{"café"});
}

TEST_F(LineReaderTest, LinesLongerThanTheBuffer) {
  const std::string a(700'000, 'a'), b(262'144, 'b'), c(262'143, 'c');
  EXPECT_EQ(lines_of(a + "\n" + b + "\r\n" + c + "\n").texts, (Texts{a, b, c}));
}

TEST_F(LineReaderTest, CharactersAcrossTheBuffersEdge) {
  for (std::size_t before = 262'140; before < 262'146; ++before) {
    const Lines lines = lines_of(std::string(before, 'x') + "😀\nend");
    ASSERT_EQ(lines.texts.size(), 2u);
    EXPECT_EQ(lines.texts[0].substr(before), "😀");
    EXPECT_TRUE(lines.warnings.empty());
  }
}

TEST_F(LineReaderTest, TooLongToBeALine) {
  Result<LineReader> reader = LineReader::open(write("file", std::string(65 << 20, 'x')));
  ASSERT_TRUE(reader);
  const Result<bool> more = reader->next();
  ASSERT_FALSE(more);
  EXPECT_HAS(more.error().message, "line 1: is longer than 64 MiB");
}

TEST_F(LineReaderTest, Utf16IsNamed) {
  for (const std::string_view mark : {"\xFF\xFE", "\xFE\xFF"}) {
    Result<LineReader> reader = LineReader::open(write("file", std::string(mark) + "a"));
    ASSERT_TRUE(reader);
    EXPECT_HAS(reader->next().error().message, "UTF-16");
  }
}

}  // namespace
}  // namespace incipit
