#include "cli_fixture.h"

namespace incipit {
namespace {

class TokenizeTest : public CliTest {
 protected:
  Outcome tokenize(const Arguments& more, const std::string& input = "") const {
    Arguments all{"tokenize", "--model", path("base")};
    all.insert(all.end(), more.begin(), more.end());
    return run(all, input);
  }
};

TEST_F(TokenizeTest, ShowsVirtualTokensThenTheText) {
  const Outcome outcome = tokenize({"the film", "--num-virtual-tokens", "2", "--json"});
  ASSERT_TRUE(succeeded(outcome));
  const nlohmann::json view = parse_json(outcome.out);
  EXPECT_EQ(view["count"], 6);
  std::vector<std::string> pieces;
  for (const nlohmann::json& token : view["tokens"]) pieces.push_back(token["piece"]);
  EXPECT_EQ(pieces, (std::vector<std::string>{"<v1>", "<v2>", "[CLS]", "the", "film", "[SEP]"}));
  EXPECT_EQ(view["tokens"][0]["id"], -1);
  EXPECT_EQ(view["tokens"][2]["position"], 2);
}

TEST_F(TokenizeTest, ALatePromptHasALayerAndNoPosition) {
  const Outcome outcome =
      tokenize({"the film", "--num-virtual-tokens", "1", "--insert-layer", "2", "--json"});
  ASSERT_TRUE(succeeded(outcome));
  const nlohmann::json view = parse_json(outcome.out);
  int late = 0;
  for (const nlohmann::json& token : view["tokens"]) {
    if (token["id"] != -1) continue;
    ++late;
    EXPECT_EQ(token["entry_layer"], 2);
    EXPECT_EQ(token["position"], -1);
  }
  EXPECT_EQ(late, 1);
}

TEST_F(TokenizeTest, ATemplateSurroundsTheText) {
  write("template.txt", "{text_a} is good {soft}\n");
  for (const std::string& given : {std::string("{text_a} is good {soft}"), path("template.txt")}) {
    const Outcome outcome =
        tokenize({"the film the film", "--template", given, "--max-length", "6", "--json"});
    ASSERT_TRUE(succeeded(outcome));
    const nlohmann::json view = parse_json(outcome.out);
    std::vector<std::string> pieces;
    for (const nlohmann::json& token : view["tokens"]) pieces.push_back(token["piece"]);
    EXPECT_EQ(pieces, (std::vector<std::string>{"[CLS]", "the", "film", "is", "good", "<v1>", "[SEP]"}));
    EXPECT_EQ(view["truncated"], 2);
  }
}

TEST_F(TokenizeTest, SaysWhenTheVocabularyLacksATemplatesWords) {
  const Outcome outcome = tokenize({"the film", "--template", "这个句子的情感是：{text_a}"});
  ASSERT_TRUE(succeeded(outcome));
  EXPECT_NE(outcome.err.find("are unknown to this model's vocabulary"), std::string::npos) << outcome.err;
  EXPECT_EQ(tokenize({"the film", "--template", "is good: {text_a}"}).err.find("unknown"), std::string::npos);
}

TEST_F(TokenizeTest, AGgufFileNeedsNoWeights) {
  const Arguments arguments = {"tokenize", "--model", INCIPIT_SOURCE_DIR "/tests/golden/gguf/tiny.gguf",
                               "--json"};
  const auto with = [&](const Arguments& more) {
    Arguments all = arguments;
    all.insert(all.end(), more.begin(), more.end());
    return run(all);
  };
  const Outcome outcome = with({"a12<|im_end|>", "--num-virtual-tokens", "1"});
  ASSERT_TRUE(succeeded(outcome));
  const nlohmann::json view = parse_json(outcome.out);
  std::vector<std::string> pieces;
  for (const nlohmann::json& token : view["tokens"]) pieces.push_back(token["piece"]);
  EXPECT_EQ(pieces, (std::vector<std::string>{"<v1>", "a", "1", "2", "<|im_end|>"}));
  EXPECT_EQ(view["tokens"][4]["position"], 4);
  EXPECT_TRUE(succeeded(with({"a", "--template", "{text_a} It was {mask}"})));
  EXPECT_TRUE(fails_with(with({"a", "--insert-layer", "1"}), 1, "the model has layers 0 to 0"));
}

TEST_F(TokenizeTest, ATemplatesMistakeNamesItsColumn) {
  const Outcome outcome = tokenize({"the film", "--template", "a {film}"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.err.find("template, column 4: 'film' is not a part"), std::string::npos) << outcome.err;
}

TEST_F(TokenizeTest, TableForPeopleSaysWhatIsCut) {
  const Outcome outcome = tokenize({"the film is good", "--max-length", "4"});
  ASSERT_TRUE(succeeded(outcome));
  EXPECT_NE(outcome.out.find("4 tokens, 2 truncated"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("[CLS]"), std::string::npos);
  EXPECT_NE(outcome.out.find("entry layer"), std::string::npos);
}

TEST_F(TokenizeTest, AnEmptyPairIsStillAPair) {
  const nlohmann::json single = parse_json(tokenize({"the film", "--json"}).out);
  const nlohmann::json pair = parse_json(tokenize({"the film", "", "--json"}).out);
  EXPECT_EQ(pair["count"], single["count"].get<int>() + 1);
}

TEST_F(TokenizeTest, DataGivesALineAText) {
  write("texts.txt", "the film\nvery old story\n");
  const Outcome outcome = tokenize({"--data", path("texts.txt"), "--json"});
  ASSERT_TRUE(succeeded(outcome));
  const std::vector<std::string> lines = lines_of(outcome.out);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(parse_json(lines[1])["count"], 5);
  EXPECT_EQ(tokenize({"--data", "-", "--json"}, "the film\nvery old story\n").out, outcome.out);
}

TEST_F(TokenizeTest, NoRoomForTheTextIsAFailure) {
  EXPECT_TRUE(fails_with(tokenize({"the film", "--max-length", "1"}), 1, "1"));
  EXPECT_TRUE(
      fails_with(tokenize({"the film", "--num-virtual-tokens", "1", "--insert-layer", "99"}), 1, "layer"));
}

}  // namespace
}  // namespace incipit
