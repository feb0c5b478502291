#include "cli_fixture.h"

namespace incipit {
namespace {

using ConfigTest = CliTest;

TEST_F(ConfigTest, FlagsComeFromTheFileAndTheCommandLineWins) {
  write("run.toml", "model = '" + path("base") + "'\ndata = '" + path("data.tsv") +
                        "'\nmethod = 'late'\nnum_virtual_tokens = 3\nbatch-size = 50\nepochs = 1\nlr = 1e-2\n"
                        "init-text = 'a \"good\" # film, [this]'\ninit = 'text'\n");
  const Outcome outcome =
      run({"train", "--config", path("run.toml"), "--output", path("out"), "--epochs", "2"});
  ASSERT_TRUE(succeeded(outcome));
  EXPECT_NE(outcome.out.find("epoch 1:"), std::string::npos);
  EXPECT_EQ(outcome.out.find("epoch 2:"), std::string::npos);
  const std::string resolved = read("out/run.toml");
  for (const char* line : {"method = 'late'", "num-virtual-tokens = 3", "batch-size = 50", "epochs = 2",
                           "schedule = 'linear'", "warmup = 0.06", "lr = 0.01", "a \"good\" # film, [this]"})
    EXPECT_NE(resolved.find(line), std::string::npos) << line << "\n" << resolved;
}

TEST_F(ConfigTest, TheFlagsWrittenBesideAResultRepeatIt) {
  train("first", {"--seed", "7"});
  const Outcome again = run({"train", "--config", path("first/run.toml"), "--output", path("second")});
  ASSERT_TRUE(succeeded(again));
  for (const char* file : {"adapter_model.safetensors", "adapter_config.json"})
    EXPECT_EQ(read("first/" + std::string(file)), read("second/" + std::string(file))) << file;
}

TEST_F(ConfigTest, WhatAGivenFlagExcludesIsNotWritten) {
  write("eval.tsv", labelled_texts(40, 2));
  train("first", {"--seed", "7", "--epochs", "1", "--eval-data", path("eval.tsv")});
  EXPECT_EQ(read("first/run.toml").find("validation-split"), std::string::npos) << read("first/run.toml");
  const Outcome again = run({"train", "--config", path("first/run.toml"), "--output", path("second")});
  ASSERT_TRUE(succeeded(again));
  EXPECT_EQ(read("first/adapter_model.safetensors"), read("second/adapter_model.safetensors"));
}

TEST_F(ConfigTest, ATableServesOneCommandAlone) {
  write("all.toml", "model = '" + path("base") + "'\n[tokenize]\nmax-length = 3\n[train]\nepochs = 1\n");
  const Outcome outcome = run({"tokenize", "--config", path("all.toml"), "the film is good"});
  ASSERT_TRUE(succeeded(outcome));
  EXPECT_NE(outcome.out.find("3 tokens, 3 truncated"), std::string::npos) << outcome.out;
}

TEST_F(ConfigTest, MistakesAreNamed) {
  const auto message = [this](const std::string& toml) {
    write("bad.toml", toml);
    return run({"train", "--config", path("bad.toml"), "--model", "m", "--data", "d", "--output", "o"});
  };
  EXPECT_TRUE(fails_with(message("\nbatchsize = 3\n"), 2,
                         "line 2: incipit train has no flag 'batchsize'; did you mean batch-size?"));
  EXPECT_TRUE(fails_with(message("lr = \n"), 2, "line 1"));
  EXPECT_TRUE(fails_with(message("lr = -3\n"), 2, "--lr: '-3' is not a number of at least 0"));
  EXPECT_TRUE(fails_with(message("lr = 1979-05-27\n"), 2, "line 1: lr must be"));
  EXPECT_TRUE(fails_with(message("[serve]\nport = 1\n"), 2, "[serve] is not a command"));
  EXPECT_TRUE(fails_with(message("config = 'x'\n"), 2, "no flag 'config'"));
}

}  // namespace
}  // namespace incipit
