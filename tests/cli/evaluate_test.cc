#include "cli_fixture.h"

namespace incipit {
namespace {

class EvaluateTest : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    train("adapter", {"--epochs", "10"});
    write("test.tsv", labelled_texts(60, 9));
  }

  Outcome evaluate(const Arguments& more, const std::string& data = "test.tsv") const {
    Arguments arguments{"evaluate", "--model", path("base"), "--data", path(data), "--threads", "1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }
};

TEST_F(EvaluateTest, ShowsATableForEachAdapter) {
  train("other", {"--method", "head"});
  const Outcome outcome = evaluate({"--adapter", path("adapter"), path("other")});
  ASSERT_TRUE(succeeded(outcome));
  EXPECT_NE(outcome.out.find("adapter " + path("adapter") + "\n"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("adapter " + path("other") + "\n"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("accuracy"), std::string::npos);
  EXPECT_NE(outcome.out.find("negative"), std::string::npos);
  EXPECT_NE(outcome.err.find("evaluate on " + path("test.tsv") + ": 60 texts"), std::string::npos)
      << outcome.err;
}

TEST_F(EvaluateTest, JsonAndPredictionsAgree) {
  const Outcome outcome =
      evaluate({"--adapter", path("adapter"), "--json", "--predictions", path("predictions.jsonl")});
  ASSERT_TRUE(succeeded(outcome));
  const nlohmann::json json = parse_json(outcome.out);
  EXPECT_EQ(json["adapter"], path("adapter"));
  EXPECT_EQ(json["metrics"]["count"], 60);
  int right = 0;
  const std::vector<std::string> lines = lines_of(read("predictions.jsonl"));
  ASSERT_EQ(lines.size(), 60u);
  for (const std::string& text : lines) {
    const nlohmann::json line = parse_json(text);
    right += line["gold"] == line["label"] ? 1 : 0;
  }
  EXPECT_NEAR(json["metrics"]["accuracy"].get<double>(), right / 60.0, 1e-9);
}

TEST_F(EvaluateTest, WarnsOfTextsItWasTrainedOn) {
  const Outcome known = evaluate({"--adapter", path("adapter"), "--json"}, "data.tsv");
  ASSERT_TRUE(succeeded(known));
  const std::int64_t overlap = parse_json(known.out)["overlap"];
  EXPECT_GT(overlap, 200);
  EXPECT_NE(known.err.find("warning: " + path("adapter") + ": " + std::to_string(overlap) + " of 300 texts"),
            std::string::npos)
      << known.err;
  write("new.tsv", "text\tlabel\nbakery prices fell\tpositive\nship book dog\tnegative\n");
  const Outcome unknown = evaluate({"--adapter", path("adapter"), "--json"}, "new.tsv");
  EXPECT_EQ(parse_json(unknown.out)["overlap"], 0);
  EXPECT_EQ(unknown.err.find("trained on"), std::string::npos) << unknown.err;
}

TEST_F(EvaluateTest, LimitIsDrawnByTheSeed) {
  const auto ids = [this](const char* seed) {
    const Outcome outcome = evaluate(
        {"--adapter", path("adapter"), "--limit", "10", "--seed", seed, "--predictions", path("some.jsonl")});
    EXPECT_TRUE(succeeded(outcome));
    return read("some.jsonl");
  };
  const std::string first = ids("1");
  EXPECT_EQ(lines_of(first).size(), 10u);
  EXPECT_EQ(first, ids("1"));
  EXPECT_NE(first, ids("2"));
}

TEST_F(EvaluateTest, FailsOnLabelsTheHeadLacksAndOnDataWithoutLabels) {
  write("neutral.tsv", "text\tlabel\nthe film\tneutral\n");
  EXPECT_TRUE(fails_with(evaluate({"--adapter", path("adapter")}, "neutral.tsv"), 1, "neutral"));
  write("unlabelled.tsv", labelled_texts(10, 3, false));
  EXPECT_TRUE(
      fails_with(evaluate({"--adapter", path("adapter"), "--output", path("result")}, "unlabelled.tsv"), 1,
                 "unlabelled.tsv"));
  EXPECT_FALSE(exists("result"));
  EXPECT_TRUE(fails_with(evaluate({"--adapter", path("none")}), 1, "none"));
}

TEST_F(EvaluateTest, AnAdapterOfAnotherBaseIsRefusedUnlessForced) {
  make_model("other", "distilbert");
  const auto on_other = [this](const Arguments& more) {
    Arguments arguments{"evaluate",       "--model",   path("other"),  "--data",
                        path("test.tsv"), "--adapter", path("adapter")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  };
  EXPECT_TRUE(fails_with(on_other({}), 1, "another base"));
  nlohmann::json config = parse_json(read("base/config.json"));
  config["layer_norm_eps"] = 0.5;  // the same shapes, another function
  write("base/config.json", config.dump());
  EXPECT_TRUE(fails_with(evaluate({"--adapter", path("adapter")}), 1, "another base"));
  EXPECT_TRUE(succeeded(evaluate({"--adapter", path("adapter"), "--force"})));
}

}  // namespace
}  // namespace incipit
