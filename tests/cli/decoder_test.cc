#include "cli_fixture.h"

namespace incipit {
namespace {

/// Training, evaluation and prediction on a causal model. The parameter is its model_type.
class DecoderTest : public CliTest, public testing::WithParamInterface<std::string> {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    std::filesystem::remove_all(path("base"));
    make_model("base", GetParam());
    write("test.tsv", labelled_texts(60, 9));
  }

  nlohmann::json adapter_json(const std::string& name) const {
    return parse_json(read(name + "/incipit.json"));
  }

  double accuracy(const std::string& adapter) const {
    const Outcome outcome = run({"evaluate", "--model", path("base"), "--adapter", path(adapter), "--data",
                                 path("test.tsv"), "--threads", "1", "--json"});
    EXPECT_TRUE(succeeded(outcome));
    return parse_json(outcome.out)["metrics"]["accuracy"];
  }
};

INSTANTIATE_TEST_SUITE_P(Models, DecoderTest, testing::Values("gpt2", "llama"),
                         [](const auto& model) { return model.param; });

TEST_P(DecoderTest, LearnsAPromptBeforeTheText) {
  const Outcome outcome = train("out", {"--method", "prompt", "--epochs", "12"});
  EXPECT_NE(outcome.err.find("newly initialised tensors: score.weight"), std::string::npos) << outcome.err;
  EXPECT_EQ(adapter_json("out")["head_input"], "last");
  EXPECT_EQ(parse_json(read("out/adapter_config.json"))["peft_type"], "PROMPT_TUNING");
  EXPECT_GT(accuracy("out"), 0.7);
  const Outcome predicted =
      run({"predict", "--model", path("base"), "--adapter", path("out"), "--data", path("test.tsv")});
  ASSERT_TRUE(succeeded(predicted));
  EXPECT_EQ(lines_of(predicted.out).size(), 60u);
}

TEST_P(DecoderTest, LearnsALatePromptAndGoesOnFromIt) {
  train("late", {"--epochs", "8"});
  EXPECT_EQ(adapter_json("late")["head_input"], "mean");
  EXPECT_EQ(adapter_json("late")["insert_layer"], 2);
  const double before = accuracy("late");
  EXPECT_GT(before, 0.7);
  train("more", {"--init", path("late"), "--epochs", "0"});
  EXPECT_EQ(accuracy("more"), before);
}

TEST_P(DecoderTest, SoftTokensStandWhereTheTemplatePutsThem) {
  train("out", {"--method", "prompt", "--template", "{soft} {text_a} is {soft}", "--epochs", "8"});
  const nlohmann::json json = adapter_json("out");
  EXPECT_EQ(json["num_virtual_tokens"], 2);
  EXPECT_EQ(json["head_input"], "last");
  EXPECT_GT(accuracy("out"), 0.7);
}

/// PEFT's folder says neither template nor words; with both it starts a classifier.
TEST_P(DecoderTest, APromptThatPeftTrainedForALanguageModelGetsItsWords) {
  make_model("language", GetParam(), true);
  const std::string folder =
      (std::filesystem::path(INCIPIT_SOURCE_DIR) / "tests/golden/adapters/language_prompt").string();
  const std::string words = R"({"negative": "dull", "positive": "good"})";
  const auto train_from = [&](const std::string& output, const Arguments& more) {
    Arguments all{"train",  "--model",  path("language"), "--data", path("data.tsv"),
                  "--init", folder,     "--threads",      "1",      "--validation-split",
                  "0",      "--output", path(output)};
    all.insert(all.end(), more.begin(), more.end());
    return run(all);
  };
  const Arguments asks = {"--template", "{text_a} is", "--verbalizer", words};
  const auto with = [&](Arguments more) {
    more.insert(more.begin(), asks.begin(), asks.end());
    return more;
  };
  EXPECT_TRUE(fails_with(run({"predict", "--model", path("language"), "--adapter", folder, "a film"}), 1,
                         "train --init " + folder + " --template … --verbalizer … makes a classifier of it"));
  EXPECT_TRUE(fails_with(train_from("out", {}), 1, "--template … --verbalizer …"));

  ASSERT_TRUE(succeeded(train_from("start", with({"--epochs", "0"}))));
  EXPECT_EQ(adapter_json("start")["num_virtual_tokens"], 4);
  EXPECT_EQ(parse_json(adapter_json("start")["verbalizer"].get<std::string>()), parse_json(words));
  const auto tensors = read("start/adapter_model.safetensors");
  EXPECT_EQ(tensors, slurp(std::filesystem::path(folder) / "adapter_model.safetensors"))
      << "PEFT's own file again";
  ASSERT_TRUE(succeeded(train_from("trained", with({"--epochs", "1", "--lr", "0.01"}))));
  EXPECT_NE(read("trained/adapter_model.safetensors"), tensors);

  EXPECT_TRUE(fails_with(train_from("out", with({"--num-virtual-tokens", "5"})), 1,
                         "tensor prompt_embeddings is [4, 48]"));
  EXPECT_TRUE(
      fails_with(train_from("out", with({"--method", "late"})), 1, "its virtual tokens join at layer 0"));
  EXPECT_FALSE(exists("out"));
}

TEST_P(DecoderTest, RefusesToReadWhatSeesNothing) {
  for (const std::string input : {"first", "cls"})
    EXPECT_TRUE(
        fails_with(run(train_arguments("out", {"--method", "prompt", "--head-input", input})), 1,
                   "head input " + input + ": the first rows of a causal model see nothing of the text"));
  make_model("encoder", "bert");
  EXPECT_TRUE(fails_with(run({"train", "--model", path("encoder"), "--data", path("data.tsv"), "--output",
                              path("out"), "--head-input", "last"}),
                         1, "head input last: is for causal models; bert has first, cls and mean"));
  EXPECT_FALSE(exists("out"));
}

}  // namespace
}  // namespace incipit
