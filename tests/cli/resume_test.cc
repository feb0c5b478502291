#include <chrono>
#include <thread>

#include "cli_fixture.h"

namespace incipit {
namespace {

using ResumeTest = CliTest;

TEST_F(ResumeTest, TrainingGoesOnFromASavedAdapter) {
  train("first", {"--epochs", "10"});
  // No epoch: what is evaluated is what was loaded.
  const Outcome again = train("second", {"--init", path("first"), "--epochs", "0"});
  EXPECT_EQ(read("first/adapter_model.safetensors"), read("second/adapter_model.safetensors"));
  const nlohmann::json config = parse_json(read("second/incipit.json"));
  EXPECT_EQ(config["method"], "late");

  const Outcome more = train("third", {"--init", path("first"), "--epochs", "1"});
  EXPECT_NE(read("first/adapter_model.safetensors"), read("third/adapter_model.safetensors"));
}

TEST_F(ResumeTest, ALabelThatTheSavedHeadLacksIsNamed) {
  train("first");
  write("other.tsv", "text\tlabel\nthe film\tpositive\nthe story\tneutral\nold\tnegative\n");
  const Outcome outcome = run({"train", "--model", path("base"), "--data", path("other.tsv"), "--output",
                               path("second"), "--init", path("first")});
  EXPECT_TRUE(fails_with(outcome, 1, "neutral"));
  EXPECT_FALSE(exists("second"));
}

TEST_F(ResumeTest, AFolderWithoutAnAdapterIsNamed) {
  std::filesystem::create_directory(path("empty"));
  EXPECT_TRUE(fails_with(run(train_arguments("out", {"--init", path("empty")})), 1, "empty"));
}

/// Waits until the training has shown its first epoch.
bool wait_for_epoch(Process& process) {
  for (int i = 0; i < 6000 && process.is_running(); ++i) {
    if (process.output_so_far().find("epoch 0:") != std::string::npos) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

TEST_F(ResumeTest, CtrlCSavesAndSaysHowToGoOn) {
  Process process(train_arguments("out", {"--epochs", "100000"}), streams());
  ASSERT_TRUE(wait_for_epoch(process)) << process.wait().err;
  process.interrupt();
  const Outcome outcome = process.wait();
  EXPECT_EQ(outcome.code, 130) << outcome.err;
  EXPECT_NE(outcome.err.find("--init " + path("out")), std::string::npos) << outcome.err;
  EXPECT_TRUE(exists("out/run.toml"));
  EXPECT_EQ(outcome.err.find("error"), std::string::npos) << outcome.err;
  train("next", {"--init", path("out"), "--epochs", "1"});
}

}  // namespace
}  // namespace incipit
