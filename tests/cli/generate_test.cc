#include "cli_fixture.h"

namespace incipit {
namespace {

class GenerateTest : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    std::filesystem::remove_all(path("base"));
    make_model("base", "gpt2");
  }

  Outcome generate(const Arguments& more) const {
    Arguments all{"generate", "--model", path("base"), "--threads", "1"};
    all.insert(all.end(), more.begin(), more.end());
    return run(all);
  }
  nlohmann::json as_json(Arguments more) const {
    more.push_back("--json");
    const Outcome outcome = generate(more);
    EXPECT_TRUE(succeeded(outcome));
    return parse_json(outcome.out);
  }
};

TEST_F(GenerateTest, WritesTheTextThatTheJsonHas) {
  const nlohmann::json json = as_json({"the film", "--max-new-tokens", "8"});
  EXPECT_EQ(json["id"], "0");
  EXPECT_EQ(json["ids"].size(), 8u);
  EXPECT_EQ(json["end"], "length");
  EXPECT_EQ(json["prompt_tokens"], 4);
  const Outcome plain = generate({"the film", "--max-new-tokens", "8"});
  ASSERT_TRUE(succeeded(plain));
  EXPECT_EQ(plain.out, json["text"].get<std::string>() + "\n");
  EXPECT_FALSE(json["text"].get<std::string>().empty());
}

TEST_F(GenerateTest, EachTextHasItsOwn) {
  const Outcome outcome = generate({"the film", "very old story", "--max-new-tokens", "4", "--json"});
  ASSERT_TRUE(succeeded(outcome));
  const std::vector<std::string> lines = lines_of(outcome.out);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(parse_json(lines[1])["ids"], as_json({"very old story", "--max-new-tokens", "4"})["ids"]);
}

TEST_F(GenerateTest, TheSeedDecidesWhatIsDrawn) {
  const auto draw = [&](const std::string& seed) {
    return as_json({"the film", "--temperature", "2", "--top-p", "0.9", "--seed", seed})["ids"];
  };
  EXPECT_EQ(draw("1"), draw("1"));
  EXPECT_NE(draw("1"), draw("2"));
}

TEST_F(GenerateTest, EndsAtAStopText) {
  const std::string whole = as_json({"the film", "--temperature", "2"})["text"];
  const std::string stop = whole.substr(whole.size() / 2, 3);
  const nlohmann::json json =
      as_json({"--stop", "never so", "--stop", stop, "the film", "--temperature", "2"});
  EXPECT_EQ(json["end"], "stop");
  EXPECT_EQ(json["text"], whole.substr(0, whole.find(stop)));
}

TEST_F(GenerateTest, AnAdaptersPromptStandsInFront) {
  train("out", {"--method", "prompt", "--epochs", "1"});
  const nlohmann::json with = as_json({"the film", "--adapter", path("out")});
  const nlohmann::json without = as_json({"the film"});
  EXPECT_EQ(with["prompt_tokens"], without["prompt_tokens"].get<int>() + 4);
  EXPECT_NE(with["ids"], without["ids"]);
  EXPECT_TRUE(fails_with(generate({"x", "--adapter", path("out"), "--template", "{text_a} is"}), 1,
                         "an adapter has its own template"));
}

TEST_F(GenerateTest, AChatIsWrittenAsTheModelsTemplateSays) {
  write("base/chat_template.jinja", "{% for m in messages %}{{ m.role }} is {{ m.content }} {% endfor %}");
  const nlohmann::json chat = as_json({"good", "--chat", "--system", "old", "--max-new-tokens", "4"});
  EXPECT_EQ(chat["ids"].size(), 4u);
  const nlohmann::json without = as_json({"good", "--chat", "--max-new-tokens", "4"});
  EXPECT_GT(chat["prompt_tokens"], without["prompt_tokens"]);
  EXPECT_TRUE(fails_with(generate({"good", "--system", "old"}), 2, "needs --chat"));
  write("base/chat_template.jinja", "{% if %}");
  EXPECT_TRUE(fails_with(generate({"good", "--chat"}), 1, "base: chat template: syntax error"));
}

TEST_F(GenerateTest, ATextThatIsCutIsNamed) {
  std::string text = "film";
  for (int i = 0; i < 600; ++i) text += " film";
  const Outcome outcome = generate({text, "--max-new-tokens", "1"});
  ASSERT_TRUE(succeeded(outcome));
  EXPECT_NE(outcome.err.find("text 0: 91 tokens of it did not fit"), std::string::npos) << outcome.err;
}

TEST_F(GenerateTest, OutputIsAFileWithItsFlagsBeside) {
  ASSERT_TRUE(succeeded(generate({"the film", "--max-new-tokens", "2", "--output", path("made.txt")})));
  EXPECT_EQ(read("made.txt"), generate({"the film", "--max-new-tokens", "2"}).out);
  EXPECT_NE(read("made.txt.run.toml").find("max-new-tokens = 2"), std::string::npos);
}

TEST_F(GenerateTest, WrongUsage) {
  EXPECT_TRUE(fails_with(generate({}), 2, "TEXT"));
  EXPECT_TRUE(fails_with(generate({"x", "--top-p", "0.5"}), 2, "needs a --temperature above 0"));
  EXPECT_TRUE(fails_with(generate({"x", "--top-p", "0", "--temperature", "1"}), 2, "must be above 0"));
  EXPECT_TRUE(fails_with(generate({"x", "--max-new-tokens", "0"}), 2, "--max-new-tokens"));
  make_model("encoder", "bert");
  EXPECT_TRUE(fails_with(run({"generate", "--model", path("encoder"), "x"}), 1, "a causal model is needed"));
}

}  // namespace
}  // namespace incipit
