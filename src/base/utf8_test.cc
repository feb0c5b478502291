#include "base/utf8.h"

#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

namespace incipit {
namespace {

/// The slow obvious way: decode, then ask whether encoding the code point gives the same bytes.
bool is_valid_slowly(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size();) {
    const auto at = [&](std::size_t k) {
      return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i + k]));
    };
    const std::size_t length = at(0) < 0x80 ? 1 : at(0) < 0xC0 ? 0 : at(0) < 0xE0 ? 2 : at(0) < 0xF0 ? 3 : 4;
    if (length == 0 || at(0) >= 0xF8 || i + length > bytes.size()) return false;
    std::uint32_t code = length == 1 ? at(0) : at(0) & (0xFFu >> (length + 1));
    for (std::size_t k = 1; k < length; ++k) {
      if ((at(k) & 0xC0) != 0x80) return false;
      code = code << 6 | (at(k) & 0x3F);
    }
    const std::size_t shortest = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (shortest != length || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return false;
    i += length;
  }
  return true;
}

TEST(Utf8, AgreesWithSlowReferenceOnAllShortSequences) {
  // Bytes at which the rules change, in all sequences of four.
  const std::vector<unsigned char> bytes{0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1,
                                         0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEF, 0xF0, 0xF1, 0xF4, 0xF5, 0xFF};
  std::size_t valid = 0;
  for (const unsigned char a : bytes)
    for (const unsigned char b : bytes)
      for (const unsigned char c : bytes)
        for (const unsigned char d : bytes) {
          const char text[] = {static_cast<char>(a), static_cast<char>(b), static_cast<char>(c),
                               static_cast<char>(d)};
          for (std::size_t size = 1; size <= 4; ++size) {
            const bool expected = is_valid_slowly({text, size});
            ASSERT_EQ(is_valid_utf8({text, size}), expected)
                << int(a) << ' ' << int(b) << ' ' << int(c) << ' ' << int(d);
            valid += expected;
          }
        }
  EXPECT_GT(valid, 1000u);
}

TEST(Utf8, PiecesGiveTheSameAsTheWhole) {
  const std::string text = "plain ascii words, then é, €, 😀 and more ascii afterwards";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Utf8Checker checker;
    EXPECT_EQ(checker.feed(std::string_view(text).substr(0, cut)), cut);
    EXPECT_EQ(checker.pending() == 0, is_valid_slowly(std::string_view(text).substr(0, cut)));
    EXPECT_EQ(checker.feed(std::string_view(text).substr(cut)), text.size() - cut);
    EXPECT_EQ(checker.pending(), 0u);
    EXPECT_TRUE(checker.seen_multibyte());
  }
}

TEST(Utf8, SaysWhereItIsWrong) {
  Utf8Checker checker;
  EXPECT_EQ(checker.feed("twelve bytes\xE9."), 13u) << "the lead byte is good, what follows is not";
  EXPECT_EQ(Utf8Checker().feed("abc\xFF"), 3u);
}

TEST(Utf8, DecodesAndReplacesWhatIsWrong) {
  EXPECT_EQ(decode_utf8("aé€😀"), U"aé€😀");
  EXPECT_EQ(decode_utf8("caf\xE9!"), U"caf\uFFFD!");
  EXPECT_EQ(decode_utf8("\xF0\x9F\x98"), U"\uFFFD") << "one for the piece of a character";
  EXPECT_EQ(decode_utf8("\xF0\x9F\x98é"), U"\uFFFDé");
  EXPECT_EQ(decode_utf8("\xC0\xAF\xED\xA0\x80"), U"\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD") << "overlong, surrogate";
  EXPECT_EQ(decode_utf8({"\0a", 2}), std::u32string_view(U"\0a", 2));
}

TEST(Utf8, EncodesWhatItDecodes) {
  for (const char32_t point :
       {U'a', U'\x7F', U'\x80', U'\u07FF', U'\u0800', U'\uFFFD', U'\U00010000', U'\U0010FFFF'}) {
    std::string text;
    append_utf8(point, text);
    EXPECT_TRUE(is_valid_utf8(text));
    EXPECT_EQ(decode_utf8(text), std::u32string(1, point));
  }
}

}  // namespace
}  // namespace incipit
