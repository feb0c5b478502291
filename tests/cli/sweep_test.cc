#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "cli_fixture.h"

namespace incipit {
namespace {

class SweepTest : public CliTest {
 protected:
  Arguments arguments(const Arguments& more) const {
    Arguments all{"sweep", "--model", path("base"), "--output", path("out"), "--threads", "1"};
    const auto unless_given = [&](const std::string& flag, const std::string& value) {
      if (std::find(more.begin(), more.end(), flag) == more.end()) all.insert(all.end(), {flag, value});
    };
    unless_given("--data", path("data.tsv"));
    unless_given("--batch-size", "16");
    unless_given("--epochs", "1");
    unless_given("--method", "late");
    unless_given("--num-virtual-tokens", "4");
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  Outcome sweep(const Arguments& more) const { return run(arguments(more)); }
  testing::AssertionResult refuses(const Arguments& more, int code, const std::string& message) const {
    testing::AssertionResult result = fails_with(sweep(more), code, message);
    return exists("out/sweep.json") ? testing::AssertionFailure() << "wrote something" : result;
  }
  std::ptrdiff_t finished_trials() const {
    const std::filesystem::directory_iterator files(path("out/trials"));
    return std::distance(begin(files), end(files));
  }
  const Arguments grid_ = {"--split", "train",  "--lr", "1e-4,2e-2", "--insert-layer",
                           "1,2",     "--seed", "0,3",  "--init",    "vocab"};
};

TEST_F(SweepTest, RanksEverySettingAndKeepsTheBest) {
  const Outcome outcome = sweep(grid_);
  ASSERT_TRUE(succeeded(outcome));
  EXPECT_NE(outcome.err.find("4 settings × 2 seeds"), std::string::npos) << outcome.err;
  EXPECT_EQ(finished_trials(), 8);
  const nlohmann::json json = parse_json(read("out/sweep.json"));
  ASSERT_EQ(json["settings"].size(), 4u);
  for (std::size_t i = 1; i < 4; ++i) EXPECT_GE(json["settings"][i - 1]["mean"], json["settings"][i]["mean"]);
  EXPECT_EQ(json["settings"][0]["flags"]["lr"], "0.02") << "the other rate hardly moves anything";
  EXPECT_EQ(json["settings"][0]["flags"]["init"], "vocab");
  EXPECT_EQ(json["best"]["name"], json["settings"][0]["name"]);
  EXPECT_EQ(json["settings"][0]["seeds"].size(), 2u);
  EXPECT_TRUE(json["test"].is_null());

  const std::vector<std::string> lines = lines_of(outcome.out);
  EXPECT_EQ(
      std::count_if(lines.begin(), lines.end(), [](const auto& line) { return line.starts_with("*  "); }), 1)
      << outcome.out;
  EXPECT_NE(outcome.out.find("insert-layer  lr"), std::string::npos) << outcome.out;
  EXPECT_EQ(outcome.out.find("init"), std::string::npos) << "it has one value\n" << outcome.out;
  EXPECT_NE(read("out/page.html").find("validation texts"), std::string::npos);
}

TEST_F(SweepTest, TheBestIsAnAdapterLikeAnyOther) {
  ASSERT_TRUE(succeeded(sweep(grid_)));
  const nlohmann::json best = parse_json(read("out/sweep.json"));
  const Outcome evaluated = run({"evaluate", "--model", path("base"), "--data", path("data.tsv"), "--split",
                                 "validation", "--adapter", path("out/best"), "--json"});
  ASSERT_TRUE(succeeded(evaluated));
  double value = 0;
  for (const auto& seed : best["settings"][0]["seeds"])
    if (seed["seed"] == best["best"]["seed"]) value = seed["value"];
  EXPECT_NEAR(parse_json(evaluated.out)["metrics"]["accuracy"].get<double>(), value, 1e-12);
  // The flags beside it train the same adapter.
  ASSERT_TRUE(succeeded(
      run({"train", "--config", path("out/best/run.toml"), "--output", path("again"), "--threads", "1"})));
  EXPECT_EQ(read("again/adapter_model.safetensors"), read("out/best/adapter_model.safetensors"));
  EXPECT_FALSE(exists("out/best.partial"));
}

TEST_F(SweepTest, OnlyTheBestIsMeasuredOnTheTest) {
  Arguments flags = grid_;
  flags.insert(flags.end(), {"--test-split", "test", "--json"});
  const Outcome outcome = sweep(flags);
  ASSERT_TRUE(succeeded(outcome));
  const nlohmann::json json = parse_json(outcome.out);
  ASSERT_EQ(json["test"]["runs"].size(), 1u);
  EXPECT_EQ(json["test"]["runs"][0]["name"], json["best"]["name"]);
  EXPECT_EQ(json["test"]["runs"][0]["trials"].size(), 2u);
  EXPECT_EQ(json["test"]["examples"], "test");
  const Outcome evaluated = run({"evaluate", "--model", path("base"), "--data", path("data.tsv"), "--split",
                                 "test", "--adapter", path("out/best"), "--json"});
  ASSERT_TRUE(succeeded(evaluated));
  const nlohmann::json metrics = parse_json(evaluated.out)["metrics"];
  for (const auto& trial : json["test"]["runs"][0]["trials"])
    if (trial["seed"] == json["best"]["seed"])
      EXPECT_NEAR(metrics["accuracy"].get<double>(), trial["test"]["accuracy"].get<double>(), 1e-12);
}

TEST_F(SweepTest, FinishedTrialsAreNotRunAgain) {
  ASSERT_TRUE(succeeded(sweep(grid_)));
  const std::string before = read("out/sweep.json"), best = read("out/best/adapter_model.safetensors");
  const Outcome again = run({"sweep", "--config", path("out/run.toml"), "--json"});
  ASSERT_TRUE(succeeded(again));
  EXPECT_EQ(again.out, before);
  EXPECT_EQ(again.err.find("[1/8]"), std::string::npos) << again.err;
  EXPECT_EQ(read("out/best/adapter_model.safetensors"), best);
  // A grid that has grown runs what is new.
  Arguments wider = grid_;
  *std::find(wider.begin(), wider.end(), "1e-4,2e-2") = "0.0001,2e-2,1e-2";
  ASSERT_TRUE(succeeded(sweep(wider)));
  EXPECT_EQ(finished_trials(), 12);
}

TEST_F(SweepTest, CtrlCKeepsWhatIsFinished) {
  Arguments flags = grid_;
  *std::find(flags.begin(), flags.end(), "0,3") = "0,3,4,5,6,7,8,9";
  Process process(arguments(flags), streams());
  std::error_code error;
  for (int i = 0; i < 3000 && process.is_running(); ++i) {
    if (std::filesystem::exists(path("out/trials"), error) && finished_trials() > 0) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  process.interrupt();
  const Outcome stopped = process.wait();
  ASSERT_EQ(stopped.code, 130) << stopped.err;
  EXPECT_NE(
      stopped.err.find("to go on after the finished trials: incipit sweep --config " + path("out/run.toml")),
      std::string::npos)
      << stopped.err;
  const std::ptrdiff_t finished = finished_trials();
  EXPECT_LT(finished, 32);
  const Outcome resumed = run({"sweep", "--config", path("out/run.toml")});
  ASSERT_TRUE(succeeded(resumed));
  EXPECT_EQ(finished_trials(), 32);
  EXPECT_NE(resumed.err.find("finished before"), std::string::npos) << resumed.err;
}

TEST_F(SweepTest, OneSettingIsASweepToo) {
  const Outcome outcome = sweep({"--seed", "1", "--eval-data", path("data.tsv")});
  ASSERT_TRUE(succeeded(outcome));
  EXPECT_EQ(parse_json(read("out/sweep.json"))["best"]["name"], "the only setting");
}

TEST_F(SweepTest, AFailedTrialLeavesTheOthers) {
  const Outcome outcome = sweep({"--split", "train", "--lr", "1e-3,1e30", "--seed", "0"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.err.find("incipit: error: a trial failed"), std::string::npos) << outcome.err;
  EXPECT_TRUE(exists("out/best/adapter_model.safetensors"));
}

TEST_F(SweepTest, MistakesAreNamed) {
  EXPECT_TRUE(refuses({"--lr", "0.01,1e-2"}, 2, "--lr: 0.01 is there twice"));
  EXPECT_TRUE(refuses({"--seed", "1,1"}, 2, "--seed: 1 is there twice"));
  EXPECT_TRUE(refuses({"--init", "vocab,random,vocab"}, 2, "--init: vocab is there twice"));
  EXPECT_TRUE(refuses({"--lr", ""}, 2, "--lr: "));
  EXPECT_TRUE(refuses({"--lr", ","}, 2, "--lr"));
  EXPECT_TRUE(refuses({"--lr", "0.01,fast"}, 2, "--lr: 'fast' is not a number of at least 0"));
  EXPECT_TRUE(refuses({"--init", "vocab,nowhere"}, 2, "--init: 'nowhere' is not one of"));
  EXPECT_TRUE(refuses({"--head-input", "mean,tail"}, 2, "--head-input: 'tail' is not one of"));
  EXPECT_TRUE(
      refuses({"--method", "prompt", "--insert-layer", "1,2"}, 2, "--insert-layer: needs --method late"));
  EXPECT_TRUE(
      refuses({"--insert-layer", "1,99"}, 2, "--insert-layer: 99: a late prompt joins at layer 1 to "));
  EXPECT_TRUE(refuses({"--insert-layer", "0"}, 2, "--insert-layer: '0' is not a whole number of at least 1"));
  EXPECT_TRUE(refuses({"--method", "head", "--init", "vocab,random"}, 2,
                      "--init: several values make no difference"));
  EXPECT_TRUE(
      refuses({"--method", "hard", "--verbalizer", "{\"a\":[\"b\"]}"}, 2, "--method: hard trains nothing"));
  EXPECT_TRUE(refuses({"--validation-split", "0"}, 2, "--validation-split: a sweep chooses by texts"));
  EXPECT_TRUE(refuses({"--epochs", "1,2"}, 2, "--epochs: '1,2' is not a number"));
  EXPECT_TRUE(refuses({"--test-split", "test"}, 2, "--test-split: "));
  EXPECT_TRUE(refuses({"--split", "train", "--test-split", "validation"}, 2, "--test-split: "));
  EXPECT_TRUE(refuses({"--split", "train", "--test-data", path("data.tsv")}, 2, "are trained on or choose"));
}

}  // namespace
}  // namespace incipit
