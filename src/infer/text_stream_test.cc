#include "infer/text_stream.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "base/utf8.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

/// RoBERTa's kind: bytes, so that a character can be several tokens.
class TextStreamTest : public testing::Test {
 protected:
  void SetUp() override {
    auto loaded = Tokenizer::load(fs::path(INCIPIT_SOURCE_DIR) / "tests/golden/tokenizers/roberta");
    ASSERT_TRUE(loaded) << loaded.error().message;
    tokenizer_.emplace(std::move(*loaded));
  }

  std::vector<std::int32_t> ids(const std::string& text) const { return *tokenizer_->encode_words(text); }

  /// The pieces that come of `text` behind `before`, up to a stop.
  std::vector<std::string> pieces(const std::string& before, const std::string& text,
                                  const std::vector<std::string>& stop = {}) const {
    const std::vector<std::int32_t> front = ids(before);
    TextStream stream(*tokenizer_, front, stop);
    std::vector<std::string> all;
    const auto add = [&](const Result<std::string>& piece) {
      EXPECT_TRUE(piece) << piece.error().message;
      EXPECT_TRUE(is_valid_utf8(*piece)) << *piece;
      all.push_back(*piece);
    };
    for (const std::int32_t id : ids(text)) {
      add(stream.feed(id));
      if (stream.stopped()) break;
    }
    add(stream.finish());
    return all;
  }
  std::string whole(const std::string& before, const std::string& text,
                    const std::vector<std::string>& stop = {}) const {
    std::string all;
    for (const std::string& piece : pieces(before, text, stop)) all += piece;
    return all;
  }

  std::optional<Tokenizer> tokenizer_;
};

TEST_F(TextStreamTest, GivesTheWholeTextInWholeCharacters) {
  for (const std::string text :
       {" Paris, and then some more words", "", "日本語 with 🦜🦜 and é", "\n\n a  b "}) {
    EXPECT_EQ(whole("The capital of France is", text), text);
    EXPECT_EQ(whole("", text), text);
    EXPECT_EQ(whole("日本語日本語", text), text);
  }
  const auto some = pieces("", "🦜 it is");
  EXPECT_GT(ids("🦜").size(), 1u);
  EXPECT_EQ(some.front(), "") << "a part of a character is held back";
  EXPECT_GT(std::count_if(some.begin(), some.end(), [](const std::string& s) { return !s.empty(); }), 2);
}

TEST_F(TextStreamTest, AnUnfinishedCharacterComesAtTheEnd) {
  std::vector<std::int32_t> parrot = ids("ok🦜");
  TextStream stream(*tokenizer_, {}, {});
  parrot.pop_back();
  std::string all;
  for (const std::int32_t id : parrot) all += *stream.feed(id);
  EXPECT_EQ(all, "ok");
  EXPECT_EQ(*stream.finish(), "\xEF\xBF\xBD");
}

TEST_F(TextStreamTest, StopsBeforeAStopTextOfSeveralTokens) {
  EXPECT_EQ(whole("x", " one two. Three four", {". Th"}), " one two");
  EXPECT_EQ(whole("x", " one two. Three four", {"never", "wo", "two."}), " one t");
  EXPECT_EQ(whole("x", " one aab", {"ab"}), " one a") << "a start of it that was none";
  EXPECT_EQ(whole("x", " one aab", {"abc"}), " one aab") << "held back, and given at the end";
  EXPECT_EQ(whole("x", "日本語", {"本"}), "日");
  EXPECT_EQ(whole("x", "日本語", {"\xE6\x97\xA6"}), "日本語") << "shares its first bytes with a character";
  const std::vector<std::string> stop = {"two"};
  const std::vector<std::int32_t> made = ids(" one two");
  TextStream stream(*tokenizer_, {}, stop);
  for (const std::int32_t id : made) ASSERT_TRUE(stream.feed(id));
  EXPECT_TRUE(stream.stopped());
  EXPECT_EQ(*stream.finish(), "");
}

TEST_F(TextStreamTest, IdsWithoutATokenSayNothing) {
  TextStream stream(*tokenizer_, {}, {});
  EXPECT_EQ(*stream.feed(static_cast<std::int32_t>(tokenizer_->vocab_size())), "");
  EXPECT_EQ(*stream.feed(ids("ok").front()), tokenizer_->decode({ids("ok").front()}, true));
}

}  // namespace
}  // namespace incipit
