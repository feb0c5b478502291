#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "incipit/tokenizer.h"

#include "base/file.h"

namespace incipit {
namespace {

using nlohmann::json;
using Ids = std::vector<std::int32_t>;

/// A string, or [unit, count] for a unit written count times.
std::string expand(const json& text) {
  if (text.is_string()) return text;
  std::string repeated;
  for (int i = text.at(1); i > 0; --i) repeated += text.at(0).get<std::string>();
  return repeated;
}

/// What tests/golden/make_tokenizer_golden.py wrote with the reference package.
class TokenizerGolden : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::string folder = std::string(INCIPIT_SOURCE_DIR "/tests/golden/tokenizers/") + GetParam();
    auto loaded = Tokenizer::load(folder);
    ASSERT_TRUE(loaded) << loaded.error().message;
    tokenizer_ = *loaded;
    auto content = read_file(folder + "/expected.json");
    ASSERT_TRUE(content) << content.error().message;
    expected_ = json::parse(*content);
  }

  std::optional<Tokenizer> tokenizer_;
  json expected_;
};

TEST_P(TokenizerGolden, Vocabulary) {
  EXPECT_EQ(tokenizer_->vocab_size(), expected_["vocab_size"]);
  for (const auto& [token, id] : expected_["tokens"].items()) {
    EXPECT_EQ(tokenizer_->id(token), id.get<int>()) << token;
    EXPECT_EQ(tokenizer_->token(id), token) << id;
  }
  Ids special;
  for (std::int32_t id = 0; id < tokenizer_->vocab_size(); ++id) {
    if (tokenizer_->is_special(id)) special.push_back(id);
  }
  EXPECT_EQ(special, expected_["special"].get<Ids>());
}

TEST_P(TokenizerGolden, WordsAndDecoding) {
  ASSERT_GE(expected_["texts"].size(), 30u);
  for (const json& row : expected_["texts"]) {
    const auto words = tokenizer_->encode_words(expand(row["text"]));
    ASSERT_TRUE(words) << words.error().message;
    EXPECT_EQ(*words, row["words"].get<Ids>()) << row["text"];
    EXPECT_EQ(tokenizer_->decode(*words, false).value(), row["decoded"].get<std::string>()) << row["text"];
    EXPECT_EQ(tokenizer_->decode(*words, true).value(), row["decoded_without_special"].get<std::string>())
        << row["text"];
  }
}

TEST_P(TokenizerGolden, Encodings) {
  ASSERT_GE(expected_["encodings"].size(), 200u);
  for (const json& row : expected_["encodings"]) {
    const std::string text_a = expand(row["text_a"]);
    std::optional<std::string> text_b;
    if (!row["text_b"].is_null()) text_b = expand(row["text_b"]);
    const auto encoding = tokenizer_->encode(text_a, text_b, row["max_length"]);
    ASSERT_TRUE(encoding) << encoding.error().message;
    EXPECT_EQ(encoding->ids, row["ids"].get<Ids>()) << row;
    EXPECT_EQ(encoding->type_ids, row["type_ids"].get<std::vector<std::int8_t>>()) << row;
    EXPECT_EQ(encoding->truncated, row["truncated"].get<std::int64_t>()) << row;
  }
}

INSTANTIATE_TEST_SUITE_P(Families, TokenizerGolden, testing::Values("bert", "roberta"),
                         [](const auto& family) { return std::string(family.param); });

}  // namespace
}  // namespace incipit
