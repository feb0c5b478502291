#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "cli_fixture.h"

namespace incipit {
namespace {

/// "compare.toml" names the model and the data of the fixture; tests add the runs.
class CompareTest : public CliTest {
 protected:
  std::string head(const std::string& data = "") const {
    return "title = 'A title'\n[data]\npath = '" + path("data.tsv") + "'\n" + data + "[defaults]\nmodel = '" +
           path("base") + "'\nepochs = 1\nbatch-size = 16\nnum_virtual_tokens = 4\n";
  }
  static std::string runs() {
    return "seeds = [0, 3]\n[[run]]\nname = 'head'\nmethod = 'head'\n[[run]]\nname = 'late one'\n"
           "note = 'Half way.'\nmethod = 'late'\n";
  }

  Outcome compare(const std::string& toml, const Arguments& more = {}) const {
    write("compare.toml", toml);
    return run_file("compare.toml", more);
  }
  Outcome run_file(const std::string& file, const Arguments& more = {}) const {
    return run(arguments(file, more));
  }
  Arguments arguments(const std::string& file, const Arguments& more = {}) const {
    Arguments all{"compare", path(file), "--output", path("out"), "--threads", "1"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  /// `message` may hold {} for the file's path.
  testing::AssertionResult refuses(const std::string& toml, int code, std::string message,
                                   const Arguments& more = {}) const {
    const std::size_t at = message.find("{}");
    if (at != std::string::npos) message.replace(at, 2, path("compare.toml"));
    testing::AssertionResult result = fails_with(compare(toml, more), code, message);
    return exists("out") ? testing::AssertionFailure() << "wrote something" : result;
  }
  std::ptrdiff_t finished_trials() const {
    const std::filesystem::directory_iterator files(path("out/trials"));
    return std::distance(begin(files), end(files));
  }
};

TEST_F(CompareTest, WritesTablePageAndJson) {
  const Outcome outcome = compare(head() + runs(), {"--adapters", path("adapters")});
  ASSERT_TRUE(succeeded(outcome));
  EXPECT_NE(outcome.out.find("late one"), std::string::npos) << outcome.out;
  EXPECT_TRUE(outcome.err.ends_with("page: " + path("out/page.html") + "\n")) << outcome.err;
  EXPECT_NE(read("out/page.html").find("A title"), std::string::npos);
  const nlohmann::json json = parse_json(read("out/comparison.json"));
  EXPECT_EQ(json["title"], "A title");
  ASSERT_EQ(json["runs"].size(), 2u);
  EXPECT_EQ(json["runs"][1]["name"], "late one");
  EXPECT_TRUE(json["runs"][1]["note"].get<std::string>().starts_with("Half way."));
  EXPECT_EQ(json["runs"][1]["trials"].size(), 2u);
  EXPECT_TRUE(exists("adapters/late-one/3/adapter_model.safetensors"));
  EXPECT_EQ(finished_trials(), 4);
}

TEST_F(CompareTest, ARunIsWhatTrainWouldDo) {
  ASSERT_TRUE(succeeded(compare(head() + runs(), {"--adapters", path("adapters")})));
  train("single", {"--split", "train", "--epochs", "1", "--lr", "0.001", "--seed", "0"});
  EXPECT_EQ(read("adapters/late-one/0/adapter_model.safetensors"), read("single/adapter_model.safetensors"));
}

TEST_F(CompareTest, RunsMayDifferInPrecision) {
  const Outcome outcome = compare(head() +
                                  "[[run]]\nname = 'a'\nmethod = 'late'\n[[run]]\nname = 'b'\n"
                                  "method = 'late'\nprecision = 'bf16'\n");
  ASSERT_TRUE(succeeded(outcome));
  EXPECT_NE(outcome.err.find("/base, f32"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("/base, bf16"), std::string::npos) << outcome.err;
}

TEST_F(CompareTest, FinishedTrialsAreNotRunAgain) {
  ASSERT_TRUE(succeeded(compare(head() + runs())));
  const std::string page = read("out/comparison.json");
  const Outcome again = run_file("out/run.toml", {"--json"});
  ASSERT_TRUE(succeeded(again));
  EXPECT_EQ(again.err.find("\nmodel "), std::string::npos) << again.err;
  EXPECT_NE(again.err.find("late one, seed 3: test accuracy"), std::string::npos);
  EXPECT_EQ(again.out, page);
  const Outcome more = run_file("out/run.toml", {"--seeds", "0", "4"});
  ASSERT_TRUE(succeeded(more));
  EXPECT_EQ(finished_trials(), 6);
  const Outcome fresh = run_file("out/run.toml", {"--fresh"});
  EXPECT_NE(fresh.err.find("[4/4] late one, seed 4: test accuracy"), std::string::npos) << fresh.err;
}

TEST_F(CompareTest, TheCommandLineOverridesTheFile) {
  write("other.tsv", labelled_texts(200, 7));
  const std::string named = "data = 'mine'\n[[run]]\nname = 'head'\nmethod = 'head'\n";
  const Outcome outcome = compare(head() + named, {"--data", "mine=" + path("other.tsv"), "--limit", "50",
                                                   "--test-limit", "10", "--seeds", "8", "--json"});
  ASSERT_TRUE(succeeded(outcome));
  EXPECT_NE(outcome.err.find("train on " + path("other.tsv") + ", split train: 50 texts"), std::string::npos)
      << outcome.err;
  const nlohmann::json json = parse_json(outcome.out);
  EXPECT_EQ(json["test_examples"], 10);
  EXPECT_EQ(json["runs"][0]["trials"][0]["seed"], 8);
  ASSERT_TRUE(succeeded(compare(head() + named, {"--data", path("other.tsv")})));
  EXPECT_TRUE(fails_with(compare(head() + named, {"--data", "mime=x"}), 2,
                         "--data: the file has no data set called 'mime'; did you mean mine?"));
}

TEST_F(CompareTest, TheModelCanBeReplaced) {
  make_model("other", "distilbert");
  const std::string file = head() + "[[run]]\nname = 'one'\nmethod = 'head'\n[[run]]\nname = 'two'\n" +
                           "method = 'head'\nmodel = 'roberta-large'\n";
  EXPECT_TRUE(refuses(file, 1, "--model roberta-large=FOLDER names the folder of a model (config.json, "));
  const Outcome outcome = compare(file, {"--model", "roberta-large=" + path("other")});
  ASSERT_TRUE(succeeded(outcome));
  EXPECT_NE(outcome.err.find("model " + path("base")), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("model " + path("other")), std::string::npos) << outcome.err;
  const Outcome all = compare(file, {"--model", path("other"), "--fresh"});
  ASSERT_TRUE(succeeded(all));
  EXPECT_EQ(all.err.find("model " + path("base")), std::string::npos) << all.err;
  EXPECT_TRUE(
      fails_with(compare(file, {"--model", "roberta-larg=x"}), 2,
                 "--model: the file has no model called 'roberta-larg'; did you mean roberta-large?"));
}

TEST_F(CompareTest, SaysWhenTheVocabularyLacksATemplatesWords) {
  const std::string untrained = "method = 'head'\nepochs = 0\nseeds = [0, 1]\n";
  const Outcome outcome =
      compare(head() + "[[run]]\nname = 'known'\ntemplate = 'the film {text_a}'\n" + untrained +
              "[[run]]\nname = 'strange'\ntemplate = '这个句子的情感是：{text_a}'\n" + untrained);
  ASSERT_TRUE(succeeded(outcome));
  const std::string warning = "unknown to this model's vocabulary";
  const std::size_t first = outcome.err.find(warning);
  ASSERT_NE(first, std::string::npos) << outcome.err;
  EXPECT_EQ(outcome.err.find(warning, first + 1), std::string::npos) << "once for both seeds\n"
                                                                     << outcome.err;
}

TEST_F(CompareTest, AllTextsAreTestedOnWhereNothingIsTrained) {
  const std::string all = "test = { split = 'all' }\n", run = "[[run]]\nname = 'one'\nmethod = 'head'\n";
  const Outcome outcome = compare(head(all) + run + "epochs = 0\n", {"--json"});
  ASSERT_TRUE(succeeded(outcome));
  const nlohmann::json json = parse_json(outcome.out);
  EXPECT_EQ(json["test_examples"], 300);
  EXPECT_EQ(json["runs"][0]["trials"].size(), 1u);
  EXPECT_TRUE(succeeded(run_file("out/run.toml")));
  std::filesystem::remove_all(path("out"));
  EXPECT_TRUE(refuses(head(all) + run, 2, "epochs: must be 0 where all texts are tested on"));
  EXPECT_TRUE(refuses(head(all + "validation = { part = 0.2 }\n") + run + "epochs = 0\n", 2,
                      "{}:5: [data.validation]: validation-split: test = { split = 'all' } leaves nothing"));
  write("more.tsv", labelled_texts(40, 9));
  const Outcome other = compare(head("test = { path = '" + path("more.tsv") + "', split = 'all' }\n") + run);
  ASSERT_TRUE(succeeded(other));
  EXPECT_NE(other.err.find("test on " + path("more.tsv") + ": 40 texts"), std::string::npos) << other.err;
}

TEST_F(CompareTest, ATextKeepsItsBrackets) {
  const Outcome outcome =
      compare(head() + "[[run]]\nname = 'text'\ninit = 'text'\ninit-text = '[good, film]'\n");
  ASSERT_TRUE(succeeded(outcome));
  EXPECT_NE(read("out/run.toml").find("init-text = '[good, film]'"), std::string::npos);
  const std::string inverted = "[[run]]\nname = 'text'\ninit = 'text'\ninit-text = '-x'\n";
  ASSERT_TRUE(succeeded(compare(head() + inverted)));
}

TEST_F(CompareTest, AnUntrainedHeadIsCalledChance) {
  const Outcome outcome =
      compare(head() + "[[run]]\nname = 'start'\nmethod = 'head'\nepochs = 0\n", {"--json"});
  ASSERT_TRUE(succeeded(outcome));
  EXPECT_NE(parse_json(outcome.out)["runs"][0]["note"].get<std::string>().find("nobody trained"),
            std::string::npos);
}

class CompareSplitsTest : public CompareTest {
 protected:
  void SetUp() override {
    CompareTest::SetUp();
    std::filesystem::create_directory(path("glue"));
    write("glue/train.tsv", labelled_texts(200, 4));
    write("glue/dev.tsv", labelled_texts(40, 5));
    defaults_ =
        "[defaults]\nmodel = '" + path("base") + "'\nepochs = 1\n[[run]]\nname = 'head'\nmethod = 'head'\n";
    data_ = "[data]\npath = '" + path("glue") + "'\n";
  }
  std::string data_, defaults_;
};

TEST_F(CompareSplitsTest, TheTestSplitNeverChoosesTheEpoch) {
  for (const char* test : {"", "test = { split = 'dev' }\n"}) {
    const Outcome outcome = compare(data_ + test + defaults_);
    ASSERT_TRUE(succeeded(outcome));
    EXPECT_NE(outcome.err.find("choose the epoch on " + path("glue") + ", split train, a part held out"),
              std::string::npos)
        << outcome.err;
    EXPECT_NE(outcome.err.find(": 40 texts"), std::string::npos) << outcome.err;
  }
}

TEST_F(CompareSplitsTest, PartsAreChosenByName) {
  write("glue/test.tsv", labelled_texts(30, 6));
  const Outcome own = compare(data_ + "validation = { limit = 15 }\n" + defaults_);
  ASSERT_TRUE(succeeded(own));
  EXPECT_NE(own.err.find("choose the epoch on " + path("glue") + ", split validation: 15 texts"),
            std::string::npos)
      << own.err;
  EXPECT_NE(own.err.find("test on " + path("glue") + ", split test: 30 texts"), std::string::npos) << own.err;
  const Outcome turned =
      compare(data_ + "validation = { split = 'test' }\ntest = { split = 'dev' }\n" + defaults_);
  ASSERT_TRUE(succeeded(turned));
  EXPECT_NE(turned.err.find("choose the epoch on " + path("glue") + ", split test: 30 texts"),
            std::string::npos)
      << turned.err;
  const Outcome other = compare(data_ + "test = { path = '" + path("data.tsv") + "' }\n" + defaults_);
  ASSERT_TRUE(succeeded(other));
  EXPECT_NE(other.err.find("test on " + path("data.tsv") + ": 300 texts"), std::string::npos) << other.err;
}

TEST_F(CompareSplitsTest, PartsThatOverlapAreRefused) {
  EXPECT_TRUE(refuses(data_ + "test = { split = 'train' }\n" + defaults_, 2,
                      "split 'train' is both trained and tested on"));
  EXPECT_TRUE(refuses(data_ + "validation = { split = 'dev' }\n" + defaults_, 2,
                      "{}:3: [data.validation]: split 'validation' is tested on, so it cannot choose"));
  std::filesystem::remove(path("glue/dev.tsv"));
  EXPECT_TRUE(refuses(data_ + defaults_, 1, "has only a split to train on"));
}

TEST_F(CompareTest, MistakesInTheFileAreNamed) {
  const std::string run = "[[run]]\nname = 'a'\n";  // on line 9
  EXPECT_TRUE(refuses(head() + run + "methd = 'head'\n", 2,
                      "{}:11: [[run]] 'a': there is no key 'methd'; did you mean method?"));
  EXPECT_TRUE(refuses(head() + run + "lr = 'fast'\n", 2,
                      "{}:11: [[run]] 'a': lr: 'fast' is not a number of at least 0"));
  EXPECT_TRUE(refuses(head() + "lr = -1\n" + run, 2, "{}:9: [defaults]: lr: '-1' is not a number"));
  EXPECT_TRUE(refuses(head() + run + "lr = 1979-05-27\n", 2, "{}:11: [[run]] 'a': lr: must be"));
  EXPECT_TRUE(
      refuses(head() + run + "lr = [0.1, 0.2]\n", 2, "{}:11: [[run]] 'a': lr: takes one value, not 2"));
  EXPECT_TRUE(refuses(head() + run + "insert-layer = 2\n", 2,
                      "{}:11: [[run]] 'a': insert-layer: needs --method late"));
  EXPECT_TRUE(refuses(head() + run + "class-weights = '1,2,3'\n", 2,
                      "{}:11: [[run]] 'a': class-weights: 3 weights for 2 labels"));
  EXPECT_TRUE(refuses(head() + run + "init = 'nowhere'\n", 2, "{}:11: [[run]] 'a': init: 'nowhere' is not"));
  EXPECT_TRUE(refuses(head() + run + "seed = 3\n", 2, "{}:11: [[run]] 'a': seed: is given as seeds ="));
  EXPECT_TRUE(refuses(head() + run + "seeds = []\n", 2, "seeds: at least one is needed"));
  EXPECT_TRUE(refuses(head() + run + "seeds = [1, 1]\n", 2, "seeds: one is there twice"));
  EXPECT_TRUE(refuses(head() + run + "seeds = 'x'\n", 2, "seeds: must be a whole number of at least 0"));
  EXPECT_TRUE(refuses(head() + run + "name = \n", 2, "{}:11: "));
  EXPECT_TRUE(refuses(head() + run + "output = 'x'\n", 2, "there is no key 'output'"));
  EXPECT_TRUE(
      refuses(head() + run + run, 2,
              "{}:11: [[run]] 'a': this name is taken by " + path("compare.toml") + ":9: [[run]] 'a'"));
  EXPECT_TRUE(refuses(head() + "[[run]]\nmethod = 'head'\n", 2, "{}:9: [[run]]: has no name"));
  EXPECT_TRUE(refuses(head() + "[[run]]\nname = 3\n", 2, "{}:10: [[run]]: name: must be a text"));
  EXPECT_TRUE(refuses(head() + "[run]\nname = 'a'\n", 2, "must be written [[run]]"));
  EXPECT_TRUE(refuses(head(), 2, "has no [[run]]"));
  EXPECT_TRUE(
      refuses("tilte = 'x'\n" + head() + run, 2, "{}:1: file: there is no key 'tilte'; did you mean title?"));
  EXPECT_TRUE(refuses(head("test = { splitt = 'x' }\n") + run, 2,
                      "{}:4: [data.test]: there is no key 'splitt'; did you mean split?"));
  EXPECT_TRUE(refuses(head("test = { limit = -1 }\n") + run, 2, "{}:4: [data.test]: limit: must be a whole"));
  EXPECT_TRUE(refuses(head("train = { limit = 'x' }\n") + run, 2,
                      "{}:4: [data.train]: limit: 'x' is not a whole number"));
  EXPECT_TRUE(refuses(head("method = 'head'\n") + run, 2, "[data]: there is no key 'method'"));
  EXPECT_TRUE(refuses("data = 'x'\n" + run, 2, "data must be a table"));
  EXPECT_TRUE(refuses("[defaults]\nmodel = 'm'\n" + run, 2, "{}:3: [[run]] 'a': has no data"));
  EXPECT_TRUE(refuses("[data]\npath = '" + path("data.tsv") + "'\n" + run, 2,
                      "{}:3: [[run]] 'a': model is required"));
}

TEST_F(CompareTest, WhatCannotBeReadIsNamed) {
  EXPECT_TRUE(fails_with(run_file("none.toml"), 1, path("none.toml") + ": no such file"));
  EXPECT_TRUE(fails_with(run({"compare", path("base")}), 1, path("base") + ": cannot be read"));
  EXPECT_TRUE(
      refuses(head() + "model = 'no-such-model'\n[[run]]\nname = 'a'\n", 2, "{}:9: "));  // there twice
  EXPECT_TRUE(refuses(head() + "[[run]]\nname = 'a'\nmodel = 'no-such-model'\n", 1, "no-such-model"));
  EXPECT_TRUE(refuses(head() + "[[run]]\nname = 'a'\ndata = 'no-such-data'\n", 1,
                      "{}:11: [[run]] 'a': no-such-data"));
}

TEST_F(CompareTest, RunsWithOtherTestTextsAreRefused) {
  write("other.tsv", labelled_texts(300, 2));
  EXPECT_TRUE(
      refuses(head() + "[[run]]\nname = 'a'\n[[run]]\nname = 'b'\ndata = '" + path("other.tsv") + "'\n", 1,
              "runs 'a' and 'b' cannot be compared: "));
}

TEST_F(CompareTest, ARunThatFailsDoesNotTakeTheOthersAlong) {
  const Outcome outcome =
      compare(head() + runs() + "[[run]]\nname = 'deep'\nmethod = 'late'\ninsert-layer = 99\n");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.err.find("warning: run 'deep', seed 0: "), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("error: 2 trials of "), std::string::npos) << outcome.err;
  EXPECT_EQ(parse_json(read("out/comparison.json"))["runs"].size(), 2u);
}

/// Waits until a trial is finished.
bool wait_for_trial(const std::filesystem::path& trials, Process& process) {
  for (int i = 0; i < 6000 && process.is_running(); ++i) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(trials, error))
      if (entry.path().extension() == ".json") return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

TEST_F(CompareTest, CtrlCReportsWhatIsFinished) {
  write("compare.toml", head() +
                            "[[run]]\nname = 'short'\nmethod = 'head'\n[[run]]\nname = 'endless'\n"
                            "method = 'late'\nepochs = 1000000\n");
  Process process(arguments("compare.toml", {"--json"}), streams());
  ASSERT_TRUE(wait_for_trial(path("out/trials"), process)) << process.wait().err;
  process.interrupt();
  const Outcome outcome = process.wait();
  EXPECT_EQ(outcome.code, 130) << outcome.err;
  const nlohmann::json json = parse_json(outcome.out);
  ASSERT_EQ(json["runs"].size(), 1u);
  EXPECT_EQ(json["runs"][0]["name"], "short");
  EXPECT_TRUE(exists("out/page.html"));
  EXPECT_NE(outcome.err.find("the same command goes on"), std::string::npos) << outcome.err;
}

}  // namespace
}  // namespace incipit
