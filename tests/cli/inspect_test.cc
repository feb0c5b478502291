#include <filesystem>

#include "cli_fixture.h"

namespace incipit {
namespace {

class InspectCommandTest : public CliTest {
 protected:
  Outcome look(const std::string& adapter, const Arguments& more = {}) const {
    Arguments arguments{"inspect", path(adapter), "--model", path("base"), "--threads", "1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }
};

TEST_F(InspectCommandTest, ShowsVectorsWithoutData) {
  train("adapter", {"--method", "prompt"});
  const Outcome outcome = look("adapter", {"--nearest", "2"});
  ASSERT_TRUE(succeeded(outcome));
  EXPECT_NE(outcome.out.find("4 virtual tokens that join at the embeddings"), std::string::npos)
      << outcome.out;
  EXPECT_NE(outcome.out.find("distance from the start after each epoch\n"), std::string::npos) << outcome.out;
  EXPECT_EQ(outcome.out.find("accuracy"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.err.find("no --data: nothing is said of attention"), std::string::npos) << outcome.err;
}

TEST_F(InspectCommandTest, MeasuresOnDataAsEvaluateDoes) {
  train("adapter", {"--epochs", "10"});
  write("test.tsv", labelled_texts(60, 9));
  const Outcome outcome = look("adapter", {"--data", path("test.tsv"), "--json"});
  ASSERT_TRUE(succeeded(outcome));
  EXPECT_NE(outcome.err.find("inspect on " + path("test.tsv") + ": 60 texts"), std::string::npos);
  const nlohmann::json json = parse_json(outcome.out);
  const Outcome evaluated = run({"evaluate", "--model", path("base"), "--adapter", path("adapter"), "--data",
                                 path("test.tsv"), "--json", "--threads", "1"});
  EXPECT_EQ(json["accuracy"], parse_json(evaluated.out)["metrics"]["accuracy"]);
  EXPECT_EQ(json["examples"], 60);
  EXPECT_FALSE(json["comparable"]) << "a late prompt";
  ASSERT_EQ(json["tokens"].size(), 4u);
  EXPECT_GT(json["tokens"][0]["movement"], 0);
  double sum = json["attention"][0]["special"].get<double>() + json["attention"][0]["text"].get<double>();
  for (const double share : json["attention"][0]["virtual_tokens"]) sum += share;
  EXPECT_NEAR(sum, 1, 1e-9);

  const Outcome known = look("adapter", {"--data", path("data.tsv"), "--limit", "8"});
  EXPECT_NE(known.out.find("accuracy on 8 texts"), std::string::npos) << known.out;
  EXPECT_NE(known.err.find("of 8 texts are among those it was trained on"), std::string::npos) << known.err;
}

TEST_F(InspectCommandTest, NearestAndOutput) {
  train("adapter", {"--method", "prompt"});
  const Outcome outcome =
      look("adapter", {"--json", "--nearest", "3", "--output", path("look.json"), "--seed", "4"});
  ASSERT_TRUE(succeeded(outcome));
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(parse_json(read("look.json"))["tokens"][0]["nearest"].size(), 3u);
  EXPECT_NE(read("look.json.run.toml").find("nearest"), std::string::npos);
}

TEST_F(InspectCommandTest, PeftsOwnFilesDoNotSayHowItMoved) {
  train("adapter", {"--method", "prompt", "--head-input", "first"});
  std::filesystem::remove(path("adapter/incipit.json"));
  const Outcome outcome = look("adapter");
  ASSERT_TRUE(succeeded(outcome));
  EXPECT_NE(outcome.out.find("the adapter does not say where its virtual tokens started"), std::string::npos);
}

TEST_F(InspectCommandTest, FailsOnWhatHasNoPrompt) {
  train("probe", {"--method", "head"});
  EXPECT_TRUE(fails_with(look("probe", {"--output", path("result")}), 1, "no virtual tokens"));
  EXPECT_FALSE(exists("result"));
  EXPECT_TRUE(fails_with(look("none"), 1, "none"));
}

}  // namespace
}  // namespace incipit
