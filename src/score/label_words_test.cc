#include "score/label_words.h"

#include <filesystem>

#include <gtest/gtest.h>

namespace incipit {
namespace {

class LabelWordsTest : public testing::Test {
 protected:
  LabelWordsTest()
      : tokenizer_(*Tokenizer::load(std::filesystem::path(INCIPIT_SOURCE_DIR) /
                                    "tests/golden/tokenizers/roberta/tokenizer.json")) {}

  LabelWords read(std::string_view json, bool blank = true) {
    auto words = read_label_words(json, labels_, blank, tokenizer_);
    EXPECT_TRUE(words) << words.error().message;
    return words.value_or(LabelWords());
  }

  std::string failure(std::string_view json) {
    const auto words = read_label_words(json, labels_, true, tokenizer_);
    return words ? "" : words.error().message;
  }

  const std::vector<std::string> labels_{"negative", "positive"};
  Tokenizer tokenizer_;
};

TEST_F(LabelWordsTest, ObjectsListsSingleWordsAndWeights) {
  const LabelWords by_name = read(R"({"positive": ["great", "good"], "negative": "bad"})");
  ASSERT_EQ(by_name.size(), 2u);
  EXPECT_EQ(by_name[0][0].word, "bad");
  EXPECT_EQ(by_name[1].size(), 2u);
  EXPECT_EQ(by_name[1][1].weight, 1);
  const LabelWords by_order = read(R"([["bad"], {"good": 2.5}])");
  EXPECT_EQ(by_order[1][0].weight, 2.5);
}

TEST_F(LabelWordsTest, TheBlankBelongsToTheWord) {
  EXPECT_EQ(read(R"(["bad", "good"])")[1][0].ids, *tokenizer_.encode_words(" good"));
  EXPECT_EQ(read(R"(["bad", "<!>good"])")[1][0].ids, *tokenizer_.encode_words("good"));
  EXPECT_EQ(read(R"(["bad", "good"])", false)[1][0].ids, *tokenizer_.encode_words("good"));
  EXPECT_EQ(read(R"(["bad", " good"])", false)[1][0].ids, *tokenizer_.encode_words(" good"));
  EXPECT_GT(read(R"(["糟糕", "很好"])", false)[0][0].ids.size(), 1u) << "words of several tokens";
}

TEST_F(LabelWordsTest, NamesWhatIsWrong) {
  EXPECT_NE(failure("{bad").find("not JSON"), std::string::npos);
  EXPECT_NE(failure("3").find("an object"), std::string::npos);
  EXPECT_NE(failure(R"([["bad"]])").find("1 lists of words for 2 labels"), std::string::npos);
  EXPECT_NE(failure(R"({"positive": "good"})").find("\"negative\" has no words"), std::string::npos);
  EXPECT_NE(failure(R"({"positive": "good", "negative": "bad", "x": "y"})").find("\"x\" is none of"),
            std::string::npos);
  EXPECT_NE(failure(R"([["bad"], [3]])").find("3 is not a word"), std::string::npos);
  EXPECT_NE(failure(R"([["bad"], []])").find("\"positive\" has no words"), std::string::npos);
  EXPECT_NE(failure(R"([["bad"], {"good": -1}])").find("weight is -1"), std::string::npos);
  EXPECT_NE(failure(R"([["bad"], {"good": "much"}])").find("not a number"), std::string::npos);
  EXPECT_NE(failure(R"([["bad"], ["bad"]])").find("given twice"), std::string::npos);
}

TEST_F(LabelWordsTest, WordsMustBeInTheVocabulary) {
  const Tokenizer bert = *Tokenizer::load(std::filesystem::path(INCIPIT_SOURCE_DIR) /
                                          "tests/golden/tokenizers/bert/tokenizer.json");
  const auto words = read_label_words(R"(["☃", "good"])", labels_, true, bert);
  ASSERT_FALSE(words);
  EXPECT_NE(words.error().message.find("is unknown to the model's vocabulary"), std::string::npos);
}

}  // namespace
}  // namespace incipit
