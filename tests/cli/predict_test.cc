#include <cmath>
#include <fcntl.h>
#include <unistd.h>

#include "cli_fixture.h"

namespace incipit {
namespace {

class PredictTest : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    train("adapter", {"--epochs", "12"});
  }

  Arguments arguments(const Arguments& more) const {
    Arguments all{"predict", "--model", path("base"), "--adapter", path("adapter"), "--threads", "1"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  Outcome predict(const Arguments& more, const std::string& input = "") const {
    return run(arguments(more), input);
  }
};

TEST_F(PredictTest, WritesAJsonLineForEachTextInOrder) {
  const Outcome outcome =
      predict({"the film is good funny", "the story is dull weak", "[a, b]", "", "--logits"});
  ASSERT_TRUE(succeeded(outcome));
  const std::vector<std::string> lines = lines_of(outcome.out);
  ASSERT_EQ(lines.size(), 4u) << outcome.out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const nlohmann::json line = parse_json(lines[i]);
    EXPECT_EQ(line["id"], std::to_string(i));
    const double positive = line["scores"]["positive"], negative = line["scores"]["negative"];
    EXPECT_NEAR(positive + negative, 1.0, 1e-5);
    EXPECT_EQ(line["label"], positive > negative ? "positive" : "negative");
    ASSERT_EQ(line["logits"].size(), 2u);
    const double odds = line["logits"][1].get<double>() - line["logits"][0].get<double>();
    EXPECT_NEAR(positive, 1 / (1 + std::exp(-odds)), 1e-4);
  }
  EXPECT_TRUE(lines[0].starts_with(R"({"id":"0","label":")")) << lines[0];
  EXPECT_EQ(outcome.err, "");
  const Outcome plain = predict({"the film"});
  EXPECT_EQ(plain.out.find("logits"), std::string::npos);
}

TEST_F(PredictTest, AgreesWithTheTruthOnLearntWords) {
  const Outcome outcome = predict({"the film is good funny", "the story is dull weak"});
  ASSERT_TRUE(succeeded(outcome));
  EXPECT_NE(lines_of(outcome.out)[0].find(R"("label":"positive")"), std::string::npos) << outcome.out;
  EXPECT_NE(lines_of(outcome.out)[1].find(R"("label":"negative")"), std::string::npos) << outcome.out;
}

TEST_F(PredictTest, FileAndStandardInputGiveTheSame) {
  write("texts.txt", "the film\nvery good\nold story\n");
  const Outcome file = predict({"--data", path("texts.txt")});
  ASSERT_TRUE(succeeded(file));
  EXPECT_EQ(lines_of(file.out).size(), 3u);
  EXPECT_EQ(predict({"--data", "-"}, "the film\nvery good\nold story\n").out, file.out);
  EXPECT_EQ(predict({"the film", "very good", "old story"}).out, file.out);
  const Outcome json = predict(
      {"--data", "-"}, "{\"text\":\"the film\"}\n{\"text\":\"very good\"}\n{\"text\":\"old story\"}\n");
  EXPECT_EQ(json.out, file.out);
}

TEST_F(PredictTest, ManyChunksKeepTheirOrder) {
  write("many.tsv", labelled_texts(1500, 5, false));
  const Outcome outcome = predict({"--data", path("many.tsv"), "--output", path("labels.jsonl")});
  ASSERT_TRUE(succeeded(outcome));
  EXPECT_EQ(outcome.out, "");
  const std::vector<std::string> lines = lines_of(read("labels.jsonl"));
  ASSERT_EQ(lines.size(), 1500u);
  for (std::size_t i = 0; i < lines.size(); ++i) EXPECT_EQ(parse_json(lines[i])["id"], std::to_string(i));
  EXPECT_NE(read("labels.jsonl.run.toml").find("max-batch-tokens = 1024"), std::string::npos);
}

TEST_F(PredictTest, PairsAreReadAsPairs) {
  const Outcome given = predict({"--pairs", "the film", "good", "old", "story"});
  ASSERT_TRUE(succeeded(given));
  write("pairs.tsv", "sentence1\tsentence2\nthe film\tgood\nold\tstory\n");
  const Outcome file = predict({"--data", path("pairs.tsv")});
  EXPECT_EQ(given.out, file.out) << file.err;
  EXPECT_EQ(lines_of(given.out).size(), 2u);
}

TEST_F(PredictTest, AFailureLeavesNoFile) {
  const Outcome outcome = predict({"--data", path("none.tsv"), "--output", path("labels.jsonl")});
  EXPECT_TRUE(fails_with(outcome, 1, "none.tsv"));
  EXPECT_TRUE(fails_with(predict({"--data", path("data.tsv"), "--output", path("base")}), 1, "is a folder"));
  EXPECT_TRUE(
      fails_with(predict({"--data", path("data.tsv"), "--output", path("data.tsv/x")}), 1, "data.tsv/x"));
  for (const std::string& name : names()) {
    EXPECT_EQ(name.find("partial"), std::string::npos) << name;
    EXPECT_EQ(name.find("labels"), std::string::npos) << name;
  }
}

TEST_F(PredictTest, AReaderThatGoesEndsItQuietly) {
  write("many.tsv", labelled_texts(3000, 5, false));
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  Streams into_pipe = streams();
  into_pipe.out = ends[1];
  Process process(arguments({"--data", path("many.tsv")}), into_pipe);
  ::close(ends[1]);
  char first = 0;
  EXPECT_EQ(::read(ends[0], &first, 1), 1);
  ::close(ends[0]);
  const Outcome outcome = process.wait();
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "");
}

}  // namespace
}  // namespace incipit
