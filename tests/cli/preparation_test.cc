#include <filesystem>
#include <set>

#include "cli_fixture.h"

namespace incipit {
namespace {

class PreparationTest : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    std::filesystem::create_directory(path("reviews"));
    write("reviews/a.pos", "the film, is very-good !\nthe good [story] 12\nthe funny film\n");
    write("reviews/a.neg", "this the dull film.\nweak story\nis (the) film weak\n");
  }
  Outcome predict(const std::string& adapter, const Arguments& more) const {
    Arguments all{"predict", "--model", path("base"), "--adapter", path(adapter), "--threads", "1"};
    all.insert(all.end(), more.begin(), more.end());
    return run(all);
  }
  void train_prepared(const std::string& name, const std::string& how) const {
    train(name, {"--data", path("reviews"), "--prepare", how, "--epochs", "1", "--validation-split", "0"});
  }
};

TEST_F(PreparationTest, InfoShowsWhatItMakesOfTheData) {
  const Arguments info{"info", path("reviews"), "--prepare", "movie-review"};
  const Outcome text = run(info);
  ASSERT_TRUE(succeeded(text));
  EXPECT_NE(text.out.find("6 texts: negative 3, positive 3"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("prepared by movie-review: the longest text had 6 words, cleaned and not cut yet; "
                          "vocabulary of 11 words; batches of 64: 1\n"),
            std::string::npos)
      << text.out;
  const nlohmann::json json =
      parse_json(run({"info", path("reviews"), "--prepare", "movie-review-index0", "--json"}).out);
  EXPECT_EQ(json["preparation"]["lost_word"], "the");
  EXPECT_EQ(json["preparation"]["vocabulary"], 11);
  EXPECT_EQ(json["longest_words"], 5);
  EXPECT_EQ(run({"info", path("reviews")}).out.find("prepared"), std::string::npos);
}

TEST_F(PreparationTest, TokenizeShowsPreparedTexts) {
  const Arguments tokenize{"tokenize", "--model", path("base"), "--json"};
  const auto tokens = [&](const Arguments& more) {
    Arguments all = tokenize;
    all.insert(all.end(), more.begin(), more.end());
    const Outcome outcome = run(all);
    EXPECT_TRUE(succeeded(outcome));
    return parse_json(lines_of(outcome.out).at(0))["tokens"];
  };
  const nlohmann::json clean = tokens({"the film is very good !"});
  EXPECT_EQ(tokens({"the film, is very-good !", "--prepare", "movie-review"}), clean);
  EXPECT_EQ(tokens({"--data", path("reviews"), "--prepare", "movie-review"}), clean);
  EXPECT_NE(tokens({"the film, is very-good !"}), clean);
}

TEST_F(PreparationTest, AnAdapterRemembersIt) {
  train_prepared("adapter", "movie-review-index0");
  const nlohmann::json own = parse_json(read("adapter/incipit.json"));
  EXPECT_EQ(own["preparation"], (nlohmann::json{{"name", "movie-review-index0"}, {"lost_word", "the"}}));
  EXPECT_NE(run({"info", path("adapter")}).out.find("movie-review-index0, without 'the'"), std::string::npos);

  const Outcome plain = predict("adapter", {"--prepare", "none", "good film !"});
  ASSERT_TRUE(succeeded(plain));
  EXPECT_EQ(predict("adapter", {"good, the film !"}).out, plain.out);
  write("one.txt", "good, the film !\n");
  EXPECT_EQ(predict("adapter", {"--data", path("one.txt")}).out, plain.out);
  EXPECT_EQ(predict("adapter", {"good, the film !", "--prepare", "movie-review-index0"}).out, plain.out);
  EXPECT_NE(predict("adapter", {"good, the film !", "--prepare", "movie-review"}).out, plain.out);

  // All texts are recognised, which they are only as they were trained on.
  const Arguments evaluate{"evaluate",      "--model", path("base"),   "--adapter",
                           path("adapter"), "--data",  path("reviews")};
  EXPECT_NE(run(evaluate).err.find("6 of 6 texts are among those it was trained on"), std::string::npos);
  Arguments unprepared = evaluate;
  unprepared.insert(unprepared.end(), {"--prepare", "none"});
  EXPECT_NE(run(unprepared).err.find("1 of 6 texts are among those"), std::string::npos);
}

TEST_F(PreparationTest, TrainingGoesOnWithIt) {
  train_prepared("first", "movie-review");
  train("second", {"--data", path("reviews"), "--init", path("first"), "--epochs", "0"});
  EXPECT_EQ(parse_json(read("second/incipit.json"))["preparation"]["name"], "movie-review");
  train("third", {"--data", path("reviews"), "--init", path("first"), "--epochs", "0", "--prepare", "none"});
  EXPECT_FALSE(parse_json(read("third/incipit.json")).contains("preparation"));
}

TEST_F(PreparationTest, EvaluationTextsArePreparedAsTheTrainingTexts) {
  write("other.tsv", "text\tlabel\nhalf the film\tpositive\nold the story\tnegative\n");
  train("adapter", {"--data", path("reviews"), "--prepare", "movie-review-index0", "--epochs", "1",
                    "--eval-data", path("other.tsv")});
  EXPECT_EQ(parse_json(read("adapter/incipit.json"))["preparation"]["lost_word"], "the");
}

TEST_F(PreparationTest, RunsOfAComparisonMayDifferInIt) {
  const std::string file = "[data]\npath = '" + path("reviews") + "'\ntest = { split = 'all' }\n" +
                           "[defaults]\nmodel = '" + path("base") + "'\nmethod = 'head'\nepochs = 0\n" +
                           "[[run]]\nname = 'plain'\n[[run]]\nname = 'prepared'\nprepare = 'movie-review'\n" +
                           "[[run]]\nname = 'index 0'\nprepare = 'movie-review-index0'\n";
  write("compare.toml", file);
  const Outcome outcome = run({"compare", path("compare.toml"), "--output", path("out"), "--json"});
  ASSERT_TRUE(succeeded(outcome));
  EXPECT_NE(outcome.err.find("nothing is trained"), std::string::npos) << outcome.err;
  const nlohmann::json json = parse_json(outcome.out);
  EXPECT_EQ(json["test_examples"], 6);
  ASSERT_EQ(json["runs"].size(), 3u);
  std::set<double> losses;  // each run is tested on its own texts
  for (const auto& trial : std::filesystem::directory_iterator(path("out/trials")))
    losses.insert(parse_json(slurp(trial.path())).at("record").at("test").at("loss").get<double>());
  EXPECT_EQ(losses.size(), 3u);
}

TEST_F(PreparationTest, AnUnknownOneIsRefused) {
  EXPECT_TRUE(fails_with(run({"info", path("reviews"), "--prepare", "clean"}), 2,
                         "--prepare: 'clean' is not one of none, movie-review, movie-review-index0"));
}

}  // namespace
}  // namespace incipit
