#include <algorithm>
#include <filesystem>
#include <iterator>
#include <memory>

#include "cli_fixture.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

/// The fixture trains late prompts; "cache" is where their lower layers' output is kept.
class ActivationCacheTest : public CliTest {
 protected:
  Outcome train_with(const std::string& output, Arguments more = {}) const {
    if (std::find(more.begin(), more.end(), "--activation-cache") == more.end())
      more.insert(more.end(), {"--activation-cache", path("cache")});
    return train(output, more);
  }
  std::string adapter(const std::string& output) const {
    return read(output + "/adapter_model.safetensors") + read(output + "/adapter_config.json");
  }
  fs::path only_file() const {
    fs::path found;
    for (const auto& entry : fs::directory_iterator(path("cache"))) {
      EXPECT_TRUE(found.empty());
      found = entry.path();
    }
    return found;
  }
  static bool ran_nothing(const Outcome& outcome) {
    return outcome.err.find("texts was used, those of 0 were run") != std::string::npos;
  }
};

TEST_F(ActivationCacheTest, AWarmRunGivesTheSameAdapter) {
  const Outcome cold = train_with("cold");
  EXPECT_FALSE(ran_nothing(cold)) << cold.err;
  const Outcome warm = train_with("warm");
  EXPECT_TRUE(ran_nothing(warm)) << warm.err;
  EXPECT_EQ(adapter("warm"), adapter("cold"));
  EXPECT_EQ(warm.out, cold.out);

  fs::resize_file(only_file(), fs::file_size(only_file()) / 2);
  const Outcome half = train_with("half");
  EXPECT_FALSE(ran_nothing(half)) << half.err;
  EXPECT_EQ(adapter("half"), adapter("cold"));
  EXPECT_EQ(half.out, cold.out);

  const Outcome none = train_with("none", {"--cache-size", "0"});
  EXPECT_EQ(adapter("none"), adapter("cold"));
}

TEST_F(ActivationCacheTest, OtherSeedsAndPromptsFindWhatIsKept) {
  train_with("first");
  EXPECT_TRUE(ran_nothing(train_with("seed", {"--seed", "5", "--dropout", "on"})));
  EXPECT_TRUE(ran_nothing(train_with("longer", {"--num-virtual-tokens", "9", "--lr", "0.1"})));
  EXPECT_FALSE(ran_nothing(train_with("deeper", {"--insert-layer", "1"})));
}

TEST_F(ActivationCacheTest, TypesDifferAndOffIsAsBefore) {
  train_with("narrow");
  train_with("exact", {"--cache-dtype", "f32"});
  const Outcome off = train_with("off", {"--cache-dtype", "off", "--activation-cache", path("unused")});
  EXPECT_NE(adapter("narrow"), adapter("exact"));
  EXPECT_EQ(off.err.find("layers below the prompt"), std::string::npos) << off.err;
  EXPECT_FALSE(exists("unused"));
  EXPECT_TRUE(fails_with(run(train_arguments("out", {"--cache-dtype", "f16"})), 2,
                         "--cache-dtype: 'f16' is not one of bf16, f32, off"));
  EXPECT_TRUE(fails_with(run(train_arguments("out", {"--cache-size", "-1"})), 2, "--cache-size: '-1'"));
}

TEST_F(ActivationCacheTest, AFolderThatCannotBeUsedIsWarnedOf) {
  const Outcome good = train_with("good");
  write("file", "x");
  const Outcome outcome = train_with("out", {"--activation-cache", path("file")});
  EXPECT_NE(outcome.err.find("incipit: warning: activation cache: " + path("file")), std::string::npos)
      << outcome.err;
  EXPECT_EQ(adapter("out"), adapter("good"));
}

TEST_F(ActivationCacheTest, ItStaysWithinItsSize) {
  const Outcome outcome = train_with("out", {"--cache-size", "0.0001"});  // 105 KB
  EXPECT_NE(outcome.err.find("no more room in " + path("cache") + ";"), std::string::npos) << outcome.err;
  EXPECT_LE(fs::file_size(only_file()), 107374u);
  EXPECT_GT(fs::file_size(only_file()), 50000u);
}

TEST_F(ActivationCacheTest, InputPromptsHaveNothingToKeep) {
  const Outcome outcome = train_with("out", {"--method", "prompt"});
  EXPECT_FALSE(exists("cache"));
  EXPECT_EQ(outcome.err.find("layers below"), std::string::npos) << outcome.err;
}

TEST_F(ActivationCacheTest, ProcessesAtOnceDoNotDisturbEachOther) {
  std::vector<std::unique_ptr<Process>> processes;
  const auto start = [&](const std::string& name, const std::string& seed) {
    Streams own = streams();
    own.folder /= name;
    processes.push_back(std::make_unique<Process>(
        train_arguments(name, {"--activation-cache", path("cache"), "--seed", seed}), own));
  };
  for (const char* seed : {"1", "2", "3"}) start(std::string("at-once-") + seed, seed);
  for (const auto& process : processes) EXPECT_TRUE(succeeded(process->wait()));
  for (const std::string seed : {"1", "2", "3"}) {
    EXPECT_TRUE(ran_nothing(train_with("alone-" + seed, {"--seed", seed})));
    train_with("elsewhere-" + seed, {"--seed", seed, "--activation-cache", path("cache-" + seed)});
    EXPECT_EQ(adapter("at-once-" + seed), adapter("alone-" + seed)) << seed;
    EXPECT_EQ(adapter("at-once-" + seed), adapter("elsewhere-" + seed)) << seed;
  }
}

TEST_F(ActivationCacheTest, CompareUsesItForAllOfItsTexts) {
  write("compare.toml", "[data]\npath = '" + path("data.tsv") + "'\n[defaults]\nmodel = '" + path("base") +
                            "'\nepochs = 1\nnum-virtual-tokens = 4\nmethod = 'late'\nseeds = [0, 1]\n"
                            "[[run]]\nname = 'a'\n[[run]]\nname = 'b'\ncache-dtype = 'f32'\n");
  const Outcome outcome = run({"compare", path("compare.toml"), "--output", path("out"), "--activation-cache",
                               path("cache"), "--threads", "1"});
  ASSERT_TRUE(succeeded(outcome));
  EXPECT_EQ(std::distance(fs::directory_iterator(path("cache")), fs::directory_iterator()), 2);
  EXPECT_TRUE(ran_nothing(train_with("all", {"--epochs", "1"}))) << "training, choosing and testing texts";
}

}  // namespace
}  // namespace incipit
