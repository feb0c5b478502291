#include <algorithm>
#include <regex>

#include "cli_fixture.h"

namespace incipit {
namespace {

using TrainTest = CliTest;

bool has_line(const std::string& text, const std::string& pattern) {
  const std::vector<std::string> lines = lines_of(text);
  return std::any_of(lines.begin(), lines.end(),
                     [&](const std::string& line) { return std::regex_match(line, std::regex(pattern)); });
}

TEST_F(TrainTest, PrintsWhatTheReferencePrints) {
  const Outcome outcome = train("out");
  EXPECT_TRUE(
      has_line(outcome.out,
               R"(trainable params: [\d,]+ \|\| all params: \d{1,3}(,\d{3})+ \|\| trainable%: \d+\.\d{4})"))
      << outcome.out;
  EXPECT_TRUE(has_line(outcome.out, R"(epoch 0: \{'accuracy': [01]\.\d{4}, 'f1': [01]\.\d{4}\})"))
      << outcome.out;
  EXPECT_TRUE(has_line(outcome.out, R"(epoch 2: \{.*)")) << outcome.out;
  EXPECT_TRUE(has_line(outcome.out, R"(best epoch \d: accuracy .* than always answering '\w+' \(0\.\d{4}\))"))
      << outcome.out;
  EXPECT_NE(outcome.err.find("newly initialised tensors: classifier."), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("unused tensors of the checkpoint: none"), std::string::npos) << outcome.err;
  EXPECT_TRUE(
      has_line(outcome.err, R"(train on .*data\.tsv.* texts: negative \d+, positive \d+; always .*)"));
  EXPECT_TRUE(has_line(outcome.err, R"(evaluate on .*data\.tsv.*a part held out: \d+ texts.*)"));
  for (const char* file :
       {"out/adapter_config.json", "out/adapter_model.safetensors", "out/incipit.json", "out/run.toml"})
    EXPECT_TRUE(exists(file)) << file;
}

TEST_F(TrainTest, LearnsWhatAWordTells) {
  const Outcome outcome = train("out", {"--epochs", "12"});
  EXPECT_NE(outcome.out.find(" is better than always answering"), std::string::npos) << outcome.out;
}

TEST_F(TrainTest, TheLogHasALineAStepAndAnEpoch) {
  train("out", {"--log", path("logs/train.jsonl"), "--validation-split", "0.2", "--epochs", "2"});
  std::int64_t steps = 0, epochs = 0;
  for (const std::string& text : lines_of(read("logs/train.jsonl"))) {
    const nlohmann::json line = parse_json(text);
    if (line.contains("eval")) {
      EXPECT_EQ(line["epoch"], epochs++);
      EXPECT_TRUE(line["eval"].contains("accuracy")) << text;
      continue;
    }
    EXPECT_EQ(line["step"], ++steps);
    for (const char* key : {"epoch", "loss", "lr", "tokens_per_s"})
      EXPECT_TRUE(line[key].is_number()) << text;
  }
  EXPECT_EQ(epochs, 2);
  EXPECT_GE(steps, 2 * 14);  // about 240 texts, 16 a step
}

TEST_F(TrainTest, ZeroEpochsEvaluateTheStart) {
  const Outcome outcome = train("out", {"--epochs", "0"});
  EXPECT_TRUE(has_line(outcome.out, R"(epoch 0: \{'accuracy': .*)")) << outcome.out;
  EXPECT_TRUE(exists("out/adapter_model.safetensors"));
}

TEST_F(TrainTest, EvaluatesOnWhatItIsTold) {
  const std::string held_out = train("a", {"--validation-split", "0.3"}).err;
  EXPECT_NE(held_out.find("a part held out"), std::string::npos);

  write("eval.tsv", labelled_texts(40, 2));
  const std::string given = train("b", {"--eval-data", path("eval.tsv")}).err;
  EXPECT_NE(given.find("evaluate on " + path("eval.tsv") + ": 40 texts"), std::string::npos) << given;

  const std::string parts = train("c", {"--split", "train"}).err;
  EXPECT_NE(parts.find("evaluate on " + path("data.tsv") + ", split validation: "), std::string::npos)
      << parts;

  std::filesystem::create_directory(path("folder"));
  write("folder/train.tsv", labelled_texts(120, 3));
  write("folder/dev.tsv", labelled_texts(30, 4));
  const std::string own = train("d", {"--data", path("folder")}).err;
  EXPECT_NE(own.find("train on " + path("folder") + ", split train: 120 texts"), std::string::npos) << own;
  EXPECT_NE(own.find("split validation: 30 texts"), std::string::npos) << own;

  const std::string named =
      train("f", {"--data", path("folder"), "--eval-split", "dev", "--eval-limit", "12"}).err;
  EXPECT_NE(named.find("evaluate on " + path("folder") + ", split dev: 12 texts"), std::string::npos)
      << named;
  EXPECT_TRUE(fails_with(run(train_arguments("g", {"--eval-split", "test"})), 2,
                         "--eval-split: needs --split, which names the part to train on"));

  const Outcome nothing = train("e", {"--validation-split", "0"});
  EXPECT_NE(nothing.err.find("epochs are not evaluated"), std::string::npos);
  EXPECT_TRUE(has_line(nothing.out, R"(epoch 0: \{'train_loss': .*)")) << nothing.out;
}

TEST_F(TrainTest, PrecisionReachesTheModelAndIsRemembered) {
  train("exact");
  train("narrow", {"--precision", "int8"});
  EXPECT_NE(read("exact/adapter_model.safetensors"), read("narrow/adapter_model.safetensors"));
  EXPECT_EQ(parse_json(read("exact/incipit.json"))["provenance"]["precision"], "f32");
  EXPECT_EQ(parse_json(read("narrow/incipit.json"))["provenance"]["precision"], "int8");
  const auto logits = [this](const std::string& precision) {
    const Outcome outcome = run({"predict", "a b c", "--model", path("base"), "--adapter", path("exact"),
                                 "--logits", "--precision", precision});
    EXPECT_TRUE(succeeded(outcome));
    return parse_json(outcome.out)["logits"];
  };
  for (const char* precision : {"bf16", "int8"}) EXPECT_NE(logits(precision), logits("f32")) << precision;
  EXPECT_TRUE(fails_with(run(train_arguments("out", {"--precision", "f16"})), 2, "--precision: "));
}

TEST_F(TrainTest, LimitDrawsTrainingTexts) {
  EXPECT_NE(train("out", {"--limit", "50"}).err.find(": 50 texts"), std::string::npos);
}

TEST_F(TrainTest, WarnsLoudlyOfACollapse) {
  const Outcome outcome = train("out", {"--class-weights", "positive=1,negative=0"});
  EXPECT_NE(outcome.err.find("incipit: warning: epoch 2: COLLAPSED: (nearly) every prediction is 'positive'"),
            std::string::npos)
      << outcome.err;
  EXPECT_NE(outcome.out.find("NOT clearly better than always answering"), std::string::npos) << outcome.out;
}

TEST_F(TrainTest, ClassWeightsMustFitTheLabels) {
  const auto outcome = [this](const std::string& weights) {
    return run(train_arguments("out", {"--class-weights", weights}));
  };
  EXPECT_TRUE(
      fails_with(outcome("1,2,3"), 2, "--class-weights: 3 weights for 2 labels (negative, positive)"));
  EXPECT_TRUE(
      fails_with(outcome("neutral=2"), 2, "the data has no label 'neutral'; it has negative, positive"));
  EXPECT_TRUE(fails_with(outcome("1,-2"), 2, "'-2' is not a weight of at least 0"));
  EXPECT_TRUE(fails_with(outcome("positive=nan"), 2, "'nan' is not a weight"));
  EXPECT_FALSE(exists("out"));
  train("out", {"--class-weights", "balanced"});
  train("out", {"--class-weights", "1,2.5"});
}

TEST_F(TrainTest, FailsInOneLineAndLeavesNothing) {
  const auto failing = [this](const Arguments& more) { return run(train_arguments("out", more)); };
  write("file", "x");
  EXPECT_TRUE(fails_with(run(train_arguments("file/out")), 1, "file is not a folder"));
  write("unlabelled.tsv", labelled_texts(20, 5, false));
  write("one.tsv", "text\tlabel\na\tyes\nb\tyes\n");
  const auto on = [this](const std::string& data) {
    return run({"train", "--model", path("base"), "--data", path(data), "--output", path("out")});
  };
  EXPECT_TRUE(fails_with(on("unlabelled.tsv"), 1, "unlabelled.tsv"));
  EXPECT_TRUE(fails_with(on("one.tsv"), 1, "one.tsv: all texts have the same label"));
  EXPECT_TRUE(fails_with(on("none.tsv"), 1, "none.tsv"));
  const Outcome nothing =
      run({"train", "--model", path("none"), "--data", path("data.tsv"), "--output", path("out")});
  EXPECT_TRUE(fails_with(nothing, 1, "none"));
  EXPECT_TRUE(fails_with(failing({"--insert-layer", "17"}), 1, "layer"));
  EXPECT_TRUE(fails_with(failing({"--log", path("file/log")}), 1, "--log"));
  EXPECT_FALSE(exists("out"));
  for (const std::string& name : names()) EXPECT_EQ(name.find("partial"), std::string::npos) << name;
}

TEST_F(TrainTest, AnUnknownArchitectureIsNamed) {
  nlohmann::json config = parse_json(read("base/config.json"));
  config["model_type"] = "mamba";
  config["architectures"] = {"MambaModel"};
  write("base/config.json", config.dump());
  EXPECT_TRUE(fails_with(run(train_arguments("out")), 1, "mamba"));
  EXPECT_FALSE(exists("out"));
}

}  // namespace
}  // namespace incipit
