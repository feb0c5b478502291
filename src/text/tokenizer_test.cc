#include "incipit/tokenizer.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "base/file.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

const fs::path kGolden = INCIPIT_SOURCE_DIR "/tests/golden/tokenizers";

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

Tokenizer bert() {
  return Tokenizer::load(kGolden / "bert").value();
}
Tokenizer roberta() {
  return Tokenizer::load(kGolden / "roberta" / "tokenizer.json").value();
}

/// A folder of this test alone, removed at its end.
class TokenizerFiles : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(folder_); }
  void TearDown() override { fs::remove_all(folder_); }

  /// The error of loading a tokenizer.json of this content.
  std::string error_of(std::string_view content) {
    const fs::path file = folder_ / "tokenizer.json";
    EXPECT_TRUE(write_file(file, content));
    return error_of_path(folder_);
  }
  std::string error_of_path(const fs::path& path) {
    const auto tokenizer = Tokenizer::load(path);
    EXPECT_FALSE(tokenizer);
    const std::string message = tokenizer ? "" : tokenizer.error().message;
    EXPECT_PRED2(contains, message, path.string());
    EXPECT_EQ(message.find('\n'), std::string::npos);
    return message;
  }

  fs::path folder_ =
      fs::path(testing::TempDir()) / (std::string("incipit_tokenizer_") + std::to_string(::getpid()) + "_" +
                                      testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(TokenizerFiles, Missing) {
  EXPECT_PRED2(contains, error_of_path(folder_ / "none"), "a tokenizer.json is needed");
  EXPECT_PRED2(contains, error_of_path(folder_), "has no tokenizer.json");
}

TEST_F(TokenizerFiles, VocabularyAloneSaysHowToMakeTheFile) {
  ASSERT_TRUE(write_file(folder_ / "vocab.txt", "[PAD]\n"));
  const std::string message = error_of_path(folder_);
  EXPECT_PRED2(contains, message, "vocab.txt");
  EXPECT_PRED2(contains, message, "save_pretrained");
}

TEST_F(TokenizerFiles, DirectoryInPlaceOfTheFile) {
  fs::create_directories(folder_ / "tokenizer.json" / "inner");
  EXPECT_PRED2(contains, error_of_path(folder_), "directory");
}

TEST_F(TokenizerFiles, NotATokenizer) {
  const std::string no_utf8 = std::string("{\"version\": \"1.0\", \"model\": \"\xff\xfe\"}");
  for (const std::string& content :
       {std::string(), std::string("\0\0\0\0", 4), std::string("hello"), std::string("[PAD]\n[UNK]\n"),
        std::string("[]"), std::string("{}"), std::string("null"), std::string("3"), std::string("\"text\""),
        std::string("{\"version\": \"1.0\", \"model\": []}"), std::string("{\"version\": 1, \"model\": {}}"),
        std::string("{\"version\": \"1.0\", \"added_tokens\": 3, \"model\": null}"),
        std::string("{\"version\": \"1.0\", \"model\": {\"type\": \"WordPiece\", \"vocab\": [1, 2]}}"),
        no_utf8, std::string(100000, '['), std::string(100000, '{')}) {
    EXPECT_PRED2(contains, error_of(content), "not a usable tokenizer.json") << content.substr(0, 80);
  }
}

TEST_F(TokenizerFiles, EmptyVocabularyAndForeignIds) {
  EXPECT_PRED2(contains,
               error_of(R"({"version":"1.0","model":{"type":"WordLevel","vocab":{},"unk_token":"u"}})"),
               "vocabulary is empty");
  EXPECT_PRED2(
      contains,
      error_of(R"({"version":"1.0","model":{"type":"WordLevel","vocab":{"u":4294967295},"unk_token":"u"}})"),
      "too large");
  EXPECT_PRED2(contains,
               error_of(R"({"version":"1.0","model":{"type":"WordLevel","vocab":{"u":0},"unk_token":"u"},)"
                        R"("post_processor":{"type":"BertProcessing","sep":["s",77],"cls":["u",0]}})"),
               "77");
}

TEST_F(TokenizerFiles, CutAnywhere) {
  for (const char* family : {"bert", "roberta"}) {
    const std::string whole = read_file(kGolden / family / "tokenizer.json").value();
    for (std::size_t size = 0; size + 2 < whole.size(); size += 1024) error_of(whole.substr(0, size));
    error_of(whole.substr(0, whole.size() - 2));
    error_of(whole + "}");
  }
}

TEST_F(TokenizerFiles, PanicOfTheCrateIsAnError) {
  // An expression that backtracks without end: the crate panics when its regular-expression engine gives up.
  ASSERT_TRUE(
      write_file(folder_ / "tokenizer.json",
                 R"({"version":"1.0","model":{"type":"WordLevel","vocab":{"u":0},"unk_token":"u"},)"
                 R"("pre_tokenizer":{"type":"Split","pattern":{"Regex":"(x+x+)+y"},"behavior":"Isolated",)"
                 R"("invert":false}})"));
  const auto tokenizer = Tokenizer::load(folder_);
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  const auto encoding = tokenizer->encode(std::string(64, 'x'), std::nullopt, 8);
  ASSERT_FALSE(encoding);
  EXPECT_PRED2(contains, encoding.error().message, "tokenizer");
  EXPECT_EQ(encoding.error().message.find('\n'), std::string::npos);
}

TEST(Tokenizer, MaximumLengthHoldsTheSpecialTokens) {
  const Tokenizer tokenizer = bert();
  EXPECT_EQ(tokenizer.encode("good", std::nullopt, 2)->ids.size(), 2u);
  EXPECT_EQ(tokenizer.encode("good", std::nullopt, 2)->truncated, 1);
  EXPECT_EQ(tokenizer.encode("good", "", 3)->ids.size(), 3u);
  for (std::int64_t too_small : {std::int64_t{1}, std::int64_t{0}, std::int64_t{-1}, INT64_MIN}) {
    const auto encoding = tokenizer.encode("good", std::nullopt, too_small);
    ASSERT_FALSE(encoding);
    EXPECT_PRED2(contains, encoding.error().message, std::to_string(too_small));
  }
  EXPECT_PRED2(contains, tokenizer.encode("good", "", 2).error().message, "3 special tokens of a pair");
  EXPECT_EQ(tokenizer.encode("good", std::nullopt, INT64_MAX)->truncated, 0);
}

TEST(Tokenizer, EmptySecondTextIsStillAPair) {
  const Tokenizer tokenizer = roberta();
  EXPECT_EQ(tokenizer.encode("", std::nullopt, 9)->ids.size(), 2u);
  EXPECT_EQ(tokenizer.encode("", "", 9)->ids.size(), 4u);
  EXPECT_EQ(tokenizer.encode(std::string_view(), std::string_view(), 9)->ids.size(), 4u);
}

TEST(Tokenizer, RefusesInvalidUtf8) {
  const Tokenizer tokenizer = bert();
  for (const char* text : {"ab\xff", "ab\xc3", "ab\xed\xa0\x80", "ab\xf4\x90\x80\x80", "ab\xc0\x80"}) {
    EXPECT_PRED2(contains, tokenizer.encode(text, std::nullopt, 9).error().message,
                 "not valid UTF-8 at byte 2");
    EXPECT_PRED2(contains, tokenizer.encode("good", text, 9).error().message,
                 "second text is not valid UTF-8");
    EXPECT_PRED2(contains, tokenizer.encode_words(text).error().message, "not valid UTF-8");
    EXPECT_EQ(tokenizer.id(text), std::nullopt);
  }
}

TEST(Tokenizer, IdsOutsideOfTheVocabulary) {
  const Tokenizer tokenizer = bert();
  const auto size = static_cast<std::int32_t>(tokenizer.vocab_size());
  for (std::int32_t id : {-1, INT32_MIN, size, INT32_MAX}) {
    EXPECT_EQ(tokenizer.token(id), std::nullopt) << id;
    EXPECT_FALSE(tokenizer.is_special(id)) << id;
    EXPECT_PRED2(contains, tokenizer.decode({5, id}, false).error().message, std::to_string(id));
  }
  EXPECT_EQ(tokenizer.id("no such piece"), std::nullopt);
  EXPECT_EQ(tokenizer.id(""), std::nullopt);
  EXPECT_EQ(tokenizer.decode({}, true).value(), "");
}

/// The reference makes every pair of overflowing pieces of such a pair, which no memory holds.
TEST(Tokenizer, MegabytesOfText) {
  std::string words;
  while (words.size() < (1u << 20)) words += "The keeper writes, and nobody reads. ";
  for (const Tokenizer& tokenizer : {bert(), roberta()}) {
    for (const std::string& text : {words, std::string(1u << 20, 'x'), std::string(1u << 18, ' ')}) {
      const auto all = tokenizer.encode_words(text);
      ASSERT_TRUE(all) << all.error().message;
      const auto encoding = tokenizer.encode(text, text, 5);
      ASSERT_TRUE(encoding) << encoding.error().message;
      EXPECT_LE(encoding->ids.size(), 5u);
      const std::size_t special = tokenizer.encode("", "", 5)->ids.size();
      EXPECT_EQ(static_cast<std::size_t>(encoding->truncated) + encoding->ids.size(),
                2 * all->size() + special);
    }
  }
}

TEST(Tokenizer, ThreadsShareOneInstance) {
  const Tokenizer tokenizer = roberta();
  const std::string text = "The keeper wrote a very good story, unbelievably well acted.";
  const Encoding expected = tokenizer.encode(text, text, 30).value();
  std::vector<int> equal(4, 0);
  std::vector<std::thread> threads;
  for (int& count : equal) {
    threads.emplace_back([&, copy = tokenizer] {
      for (int i = 0; i < 200; ++i) count += copy.encode(text, text, 30)->ids == expected.ids;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(equal, std::vector<int>(4, 200));
}

}  // namespace
}  // namespace incipit
