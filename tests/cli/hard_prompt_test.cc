#include <cmath>

#include "cli_fixture.h"

namespace incipit {
namespace {

constexpr const char* kWords = R"({"negative": ["weak", "dull"], "positive": {"good": 3, "very funny": 1}})";

/// Words in the blank of a model with a language-model head. The parameter is its model_type.
class HardPromptTest : public CliTest, public testing::WithParamInterface<std::string> {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    std::filesystem::remove_all(path("base"));
    make_model("base", GetParam(), true);
    write("test.tsv", labelled_texts(40, 9));
  }

  std::string template_text() const {
    return GetParam() == "bert" ? "{text_a} it is {mask} ." : "{text_a} it is";
  }
  Arguments hard(const std::string& command, const Arguments& more, const std::string& words = kWords) const {
    Arguments arguments{command,      "--model",       path("base"),   "--threads", "1",
                        "--template", template_text(), "--verbalizer", words};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  /// The metrics of `evaluate --json`.
  nlohmann::json metrics(const Arguments& arguments) const {
    const Outcome outcome = run(arguments);
    EXPECT_TRUE(succeeded(outcome));
    return parse_json(outcome.out)["metrics"];
  }
};

INSTANTIATE_TEST_SUITE_P(Models, HardPromptTest, testing::Values("bert", "llama"),
                         [](const auto& model) { return model.param; });

TEST_P(HardPromptTest, EvaluatePredictAndTheSavedAdapterAgree) {
  const nlohmann::json direct = metrics(hard("evaluate", {"--data", path("test.tsv"), "--json"}));
  EXPECT_EQ(direct["count"], 40);

  const Outcome predicted = run(hard("predict", {"--data", path("test.tsv")}));
  ASSERT_TRUE(succeeded(predicted));
  const std::vector<std::string> lines = lines_of(predicted.out);
  const std::vector<std::string> rows = lines_of(read("test.tsv"));
  ASSERT_EQ(lines.size(), 40u);
  int right = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string label = parse_json(lines[i])["label"];
    right += rows[i + 1].ends_with("\t" + label) ? 1 : 0;
  }
  EXPECT_NEAR(direct["accuracy"].get<double>(), right / 40.0, 1e-9);

  const Outcome trained =
      run(hard("train", {"--method", "hard", "--data", path("data.tsv"), "--output", path("saved")}));
  ASSERT_TRUE(succeeded(trained));
  EXPECT_EQ(parse_json(read("saved/incipit.json"))["method"], "hard");
  const nlohmann::json saved = metrics({"evaluate", "--model", path("base"), "--adapter", path("saved"),
                                        "--data", path("test.tsv"), "--threads", "1", "--json"});
  EXPECT_EQ(saved["loss"], direct["loss"]);
  EXPECT_EQ(saved["accuracy"], direct["accuracy"]);
}

TEST_P(HardPromptTest, FilesAreReadWhereTheyAreNamed) {
  write("words.json", kWords);
  write("template.txt", template_text());
  const Outcome of_files = run({"predict", "--model", path("base"), "--template", path("template.txt"),
                                "--verbalizer", path("words.json"), "--threads", "1", "this old film"});
  const Outcome of_text = run(hard("predict", {"this old film"}));
  ASSERT_TRUE(succeeded(of_files));
  EXPECT_EQ(of_files.out, of_text.out);
}

TEST_P(HardPromptTest, CalibrationTakesAwayWhatTheModelLikesAnyway) {
  const auto scores = [&](const std::string& calibration) {
    const Outcome outcome = run(hard("predict", {"--calibrate", calibration, "--logits", ""}));
    EXPECT_TRUE(succeeded(outcome));
    return parse_json(lines_of(outcome.out).at(0));
  };
  EXPECT_GT(std::abs(scores("none")["scores"]["positive"].get<double>() - 0.5), 1e-3);
  EXPECT_NEAR(scores("domain")["scores"]["positive"], 0.5, 1e-5);
  EXPECT_NE(scores("contextual")["logits"], scores("none")["logits"]);
  const Outcome trained = run(hard("train", {"--method", "hard", "--calibrate", "contextual", "--data",
                                             path("data.tsv"), "--output", path("saved")}));
  ASSERT_TRUE(succeeded(trained));
  EXPECT_EQ(parse_json(read("saved/incipit.json"))["label_bias"].size(), 2u);
}

TEST_P(HardPromptTest, WordScoreCountsTheTokensOfAWord) {
  const auto logit = [&](const std::string& score) {
    const Outcome outcome = run(hard("predict", {"--word-score", score, "--logits", "half of it"},
                                     R"({"negative": "weak", "positive": "very funny"})"));
    EXPECT_TRUE(succeeded(outcome));
    return parse_json(lines_of(outcome.out).at(0))["logits"][1].get<double>();
  };
  const double whole = logit("sequence");
  EXPECT_NEAR(logit("mean"), whole / 2, 1e-4);  // logits are printed rounded
  EXPECT_GT(logit("first"), whole);
}

TEST_P(HardPromptTest, WhatIsWrongIsNamed) {
  const auto evaluate = [&](const std::string& words, const Arguments& more = {}) {
    Arguments arguments = hard("evaluate", {"--data", path("test.tsv")}, words);
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  };
  EXPECT_TRUE(
      fails_with(evaluate(R"([["weak"], ["good"]])"), 1, "verbalizer: an object with the labels' words"));
  EXPECT_TRUE(fails_with(evaluate(R"({"bad": "weak", "positive": "good"})"), 1, "negative"));
  EXPECT_TRUE(fails_with(evaluate(R"({"negative": [], "positive": "good"})"), 1,
                         "verbalizer: label \"negative\" has no words"));
  EXPECT_TRUE(
      fails_with(evaluate(R"({"negative": "good", "positive": "good"})"), 1, "word \"good\" is given twice"));
  const Arguments to_train = {"--method", "hard", "--data", path("data.tsv"), "--output", path("out")};
  EXPECT_TRUE(fails_with(run(hard("train", to_train, R"({"positive": "good"})")), 1,
                         "verbalizer: label \"negative\" has no words"));
  EXPECT_TRUE(fails_with(
      run(hard("train", to_train, R"({"neutral": "old", "negative": "weak", "positive": "good"})")), 1,
      "label \"neutral\" is none of negative, positive"));

  EXPECT_TRUE(fails_with(run({"train", "--model", path("base"), "--method", "hard", "--data",
                              path("data.tsv"), "--output", path("out")}),
                         2, "--method: hard needs a --verbalizer"));
  EXPECT_TRUE(fails_with(run(hard("train", {"--method", "prompt", "--calibrate", "domain", "--data",
                                            path("data.tsv"), "--output", path("out")})),
                         2, "--calibrate: needs --method hard"));
  EXPECT_TRUE(fails_with(evaluate(kWords, {"--adapter", path("saved")}), 2,
                         "needs either --adapter, or a hard prompt"));
  EXPECT_FALSE(exists("out"));
}

TEST_P(HardPromptTest, ACheckpointWithoutALanguageModelHeadIsNamedByItsTensor) {
  make_model("headless", GetParam());
  const std::string tensor =
      GetParam() == "bert" ? "cls.predictions.transform.dense.weight" : "lm_head.weight";
  EXPECT_TRUE(fails_with(run({"predict", "--model", path("headless"), "--template", template_text(),
                              "--verbalizer", kWords, "a film"}),
                         1, tensor));
}

TEST_P(HardPromptTest, AMaskedModelNeedsABlank) {
  const Outcome outcome = run(
      {"predict", "--model", path("base"), "--template", "{text_a} it is", "--verbalizer", kWords, "a film"});
  if (GetParam() == "bert")
    EXPECT_TRUE(fails_with(outcome, 1, "the template has no {mask}"));
  else
    EXPECT_TRUE(succeeded(outcome));
}

TEST_P(HardPromptTest, DemonstrationsStandBeforeTheTemplate) {
  const Outcome trained =
      run(hard("train", {"--method", "hard", "--shots", "2", "--seed", "3", "--data", path("data.tsv"),
                         "--validation-split", "0", "--output", path("saved")}));
  ASSERT_TRUE(succeeded(trained));
  const std::string template_saved = parse_json(read("saved/incipit.json"))["template"];
  EXPECT_TRUE(template_saved.ends_with(template_text() + (GetParam() == "llama" ? "{mask}" : "")));
  // The same are drawn from the same pool by the same seed.
  const Outcome saved = run({"predict", "--model", path("base"), "--adapter", path("saved"), "--threads", "1",
                             "--logits", "a new text"});
  const Arguments shots = {"--shots", "2", "--seed", "3", "--logits", "a new text"};
  const auto predicted = [&](Arguments more) {
    more.insert(more.end(), shots.begin(), shots.end());
    const Outcome outcome = run(hard("predict", more));
    EXPECT_TRUE(succeeded(outcome));
    return outcome;
  };
  ASSERT_TRUE(succeeded(saved));
  const Outcome direct = predicted({"--pool", path("data.tsv")});
  EXPECT_EQ(direct.out, saved.out);
  EXPECT_NE(direct.err.find("demonstrations from " + path("data.tsv") + ": 300 texts"), std::string::npos)
      << direct.err;
  EXPECT_NE(predicted({"--pool", path("data.tsv"), "--shot-choice", "nearest"}).out, direct.out);
  const Outcome few = predicted({"--pool", path("data.tsv"), "--shot-tokens", "3"});
  EXPECT_NE(few.err.find("0 of 2 demonstrations fit or were found"), std::string::npos) << few.err;
}

TEST_P(HardPromptTest, ATextIsNeverItsOwnDemonstration) {
  write("pool.tsv", "text\tlabel\nthe good film\tpositive\nthe dull film\tnegative\n");
  const Arguments more = {"--pool", path("pool.tsv"), "--shots", "2", "--data"};
  const auto evaluate = [&](const std::string& choice, const std::string& data) {
    Arguments all = more;
    all.insert(all.end(), {path(data), "--shot-choice", choice});
    return run(hard("evaluate", all));
  };
  write("one.tsv", "text\tlabel\nthe good film\tpositive\n");
  for (const char* choice : {"random", "nearest"}) {
    const Outcome one = evaluate(choice, "one.tsv");
    ASSERT_TRUE(succeeded(one));
    EXPECT_NE(one.err.find("demonstrations from " + path("pool.tsv") + ": 1 texts"), std::string::npos)
        << one.err;
    EXPECT_TRUE(fails_with(evaluate(choice, "pool.tsv"), 1, "is among those to classify"));
  }
  // Texts that stream by cannot be left out beforehand; they are counted.
  Arguments streamed = more;
  streamed.push_back(path("one.tsv"));
  const Outcome counted = run(hard("predict", streamed));
  ASSERT_TRUE(succeeded(counted));
  EXPECT_NE(counted.err.find("1 of the texts are among the demonstrations"), std::string::npos)
      << counted.err;
}

TEST_P(HardPromptTest, WrongDemonstrationsAreNamed) {
  EXPECT_TRUE(fails_with(run(hard("predict", {"--shots", "2", "a film"})), 2, "--shots: needs --pool"));
  EXPECT_TRUE(fails_with(run(hard("predict", {"--shots", "2", "--pool", path("data.tsv"), "--shot-choice",
                                              "nearest", "--calibrate", "domain", "a film"})),
                         2, "--calibrate: needs --shot-choice random"));
  EXPECT_TRUE(fails_with(run(hard("train", {"--method", "prompt", "--shots", "2", "--data", path("data.tsv"),
                                            "--output", path("out")})),
                         2, "--shots: needs --method hard"));
  EXPECT_TRUE(
      fails_with(run({"predict", "--model", path("base"), "--adapter", path("saved"), "--shots", "2", "a"}),
                 2, "--shots: needs a hard prompt"));
}

TEST_P(HardPromptTest, FindsItsWords) {
  const Outcome trained =
      run({"train", "--model", path("base"), "--method", "hard", "--template", template_text(),
           "--verbalizer", "auto", "--label-words", "2", "--data", path("data.tsv"), "--limit", "40",
           "--output", path("saved"), "--threads", "1"});
  ASSERT_TRUE(succeeded(trained));
  const std::string saved = parse_json(read("saved/incipit.json"))["verbalizer"];
  EXPECT_NE(trained.out.find("\nwords: " + saved + "\n"), std::string::npos) << trained.out;
  const nlohmann::json words = parse_json(saved);
  EXPECT_EQ(words["negative"].size(), 2u);
  EXPECT_EQ(words["positive"].size(), 2u);
  // What was found can be given by hand.
  const Arguments data = {"--data", path("test.tsv"), "--json"};
  Arguments found = {"evaluate", "--model", path("base"), "--threads", "1", "--adapter", path("saved")};
  found.insert(found.end(), data.begin(), data.end());
  EXPECT_EQ(metrics(found)["loss"], metrics(hard("evaluate", data, saved))["loss"]);

  const Arguments to_train = {"train",          "--model",  path("base"), "--data",
                              path("data.tsv"), "--output", path("out")};
  const auto refused = [&](const Arguments& more, const std::string& message) {
    Arguments all = to_train;
    all.insert(all.end(), more.begin(), more.end());
    return fails_with(run(all), 2, message);
  };
  EXPECT_TRUE(refused({"--verbalizer", "auto"}, "--verbalizer: auto needs --method hard"));
  EXPECT_TRUE(refused({"--label-words", "2"}, "--label-words: needs --verbalizer auto"));
}

TEST_P(HardPromptTest, AnEnsembleIsTheMeanOfItsMembers) {
  const auto save = [&](const std::string& name, const std::string& words) {
    EXPECT_TRUE(succeeded(
        run(hard("train", {"--method", "hard", "--data", path("data.tsv"), "--output", path(name)}, words))));
  };
  save("one", kWords);
  save("two", R"({"negative": "old", "positive": "very"})");
  const Outcome outcome =
      run({"evaluate", "--model", path("base"), "--adapter", path("one"), path("two"), "--ensemble", "--data",
           path("test.tsv"), "--json", "--predictions", path("lines.jsonl"), "--threads", "1"});
  ASSERT_TRUE(succeeded(outcome));
  const std::vector<std::string> reports = lines_of(outcome.out);
  ASSERT_EQ(reports.size(), 3u);
  EXPECT_EQ(parse_json(reports[2])["adapter"], "ensemble");
  const std::vector<std::string> lines = lines_of(read("lines.jsonl"));
  ASSERT_EQ(lines.size(), 120u);
  int right = 0;
  for (std::size_t i = 0; i < 40; ++i) {
    const auto score = [&](std::size_t member) {
      return parse_json(lines[40 * member + i])["scores"]["positive"].get<double>();
    };
    EXPECT_NEAR(score(2), (score(0) + score(1)) / 2, 2e-6);
    const nlohmann::json together = parse_json(lines[80 + i]);
    EXPECT_EQ(together["adapter"], "ensemble");
    right += together["gold"] == together["label"] ? 1 : 0;
  }
  EXPECT_NEAR(parse_json(reports[2])["metrics"]["accuracy"].get<double>(), right / 40.0, 1e-9);
  EXPECT_TRUE(fails_with(run({"evaluate", "--model", path("base"), "--adapter", path("one"), "--ensemble",
                              "--data", path("test.tsv")}),
                         2, "--ensemble: needs several --adapter folders"));
}

TEST_P(HardPromptTest, AnEnsemblePredictsTheMeanOfItsMembers) {
  const auto save = [&](const std::string& name, const std::string& words, const Arguments& more = {}) {
    Arguments all{"--method", "hard", "--data", path("data.tsv"), "--output", path(name)};
    all.insert(all.end(), more.begin(), more.end());
    EXPECT_TRUE(succeeded(run(hard("train", all, words))));
  };
  save("one", kWords);
  save("two", R"({"negative": "old", "positive": "very"})");
  write("texts.tsv", labelled_texts(1100, 5, false));  // of several chunks
  const auto predict = [&](const Arguments& more) {
    Arguments all{"predict", "--model", path("base"), "--threads", "1"};
    all.insert(all.end(), more.begin(), more.end());
    return run(all);
  };
  const auto lines = [&](const Arguments& more) {
    Arguments all = more;
    all.insert(all.end(), {"--data", path("texts.tsv")});
    const Outcome outcome = predict(all);
    EXPECT_TRUE(succeeded(outcome));
    return lines_of(outcome.out);
  };
  const std::vector<std::string> one = lines({"--adapter", path("one")}),
                                 two = lines({"--adapter", path("two")});
  const std::vector<std::string> both =
      lines({"--adapter", path("one"), "--adapter", path("two"), "--ensemble", "--logits"});
  ASSERT_EQ(both.size(), 1100u);
  const auto score = [](const std::string& line) {
    return parse_json(line)["scores"]["positive"].get<double>();
  };
  for (std::size_t i = 0; i < both.size(); ++i) {
    const nlohmann::json line = parse_json(both[i]);
    EXPECT_EQ(line["id"], std::to_string(i));
    EXPECT_EQ(line["adapter"], "ensemble");
    EXPECT_NEAR(score(both[i]), (score(one[i]) + score(two[i])) / 2, 2e-6);
    EXPECT_NEAR(std::exp(line["logits"][1].get<double>()), score(both[i]), 1e-5);
  }
  // A text behind the last folder is a text, and a file of flags may name the folders.
  write("flags.toml", "adapter = ['" + path("one") + "', '" + path("two") + "']\nensemble = true\n");
  const Outcome given =
      predict({"--adapter", path("one"), "--ensemble", "--adapter", path("two"), "this old film"});
  ASSERT_TRUE(succeeded(given));
  EXPECT_EQ(lines_of(given.out).size(), 1u);
  EXPECT_EQ(predict({"--config", path("flags.toml"), "this old film"}).out, given.out);

  save("other", R"([["dull"], ["good"]])", {"--prepare", "movie-review"});
  write("three.tsv", "text\tlabel\ngood\tgood\nweak\tweak\nold\told\n");
  EXPECT_TRUE(succeeded(run(hard(
      "train",
      {"--method", "hard", "--data", path("three.tsv"), "--validation-split", "0", "--output", path("three")},
      R"({"good": "good", "weak": "weak", "old": "old"})"))));
  const auto together = [&](const std::string& name, const Arguments& more) {
    Arguments all{"--adapter", path("one"), "--adapter", path(name)};
    all.insert(all.end(), more.begin(), more.end());
    return predict(all);
  };
  EXPECT_TRUE(fails_with(together("three", {"--ensemble", "a film"}), 1,
                         "--ensemble: the labels of " + path("one") + " and " + path("three") + " differ"));
  EXPECT_TRUE(fails_with(together("other", {"--ensemble", "a film"}), 1, "were prepared differently"));
  EXPECT_TRUE(succeeded(together("other", {"--ensemble", "--prepare", "none", "a film"})));
  EXPECT_TRUE(fails_with(together("two", {"a film"}), 2, "--adapter: several answer together only"));
  EXPECT_TRUE(fails_with(predict({"--adapter", path("one"), "--ensemble", "a film"}), 2,
                         "--ensemble: needs several --adapter folders"));
}

TEST_P(HardPromptTest, CompareRunsEachOnceAndNamesNoDrawnHead) {
  write("compare.toml",
        "title = 'Words'\n[data]\npath = '" + path("data.tsv") + "'\n[defaults]\nmodel = '" + path("base") +
            "'\nmethod = 'hard'\nseeds = [0, 1]\ntemplate = '" + template_text() + "'\nverbalizer = '" +
            kWords +
            "'\n[[run]]\nname = 'plain'\n[[run]]\nname = 'calibrated'\ncalibrate = 'contextual'\n"
            "[[run]]\nname = 'shown'\nshots = 2\n"
            "[[run]]\nname = 'found'\nverbalizer = 'auto'\nlabel-words = 1\n");
  const Outcome outcome =
      run({"compare", path("compare.toml"), "--output", path("out"), "--json", "--threads", "1"});
  ASSERT_TRUE(succeeded(outcome));
  EXPECT_NE(outcome.err.find("run 'plain': a hard prompt is the same with every seed, so it is run once"),
            std::string::npos)
      << outcome.err;
  const nlohmann::json runs = parse_json(outcome.out)["runs"];
  ASSERT_EQ(runs.size(), 4u);
  const std::size_t trials[] = {1, 1, 2, 1};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(runs[i]["trials"].size(), trials[i]) << runs[i]["name"];
    const std::string note = runs[i]["note"];
    EXPECT_NE(note.find("Not trained."), std::string::npos) << note;
    EXPECT_EQ(note.find("random numbers"), std::string::npos) << note;
  }
  EXPECT_NE(runs[0]["trials"][0]["test"], runs[1]["trials"][0]["test"]);

  const nlohmann::json words = runs[3]["trials"][0]["found_words"];
  ASSERT_EQ(words.size(), 2u) << "of negative and positive";
  ASSERT_EQ(words[0].size(), 1u);
  const std::string note = "Words found: negative '" + words[0][0].get<std::string>() + "'; positive '" +
                           words[1][0].get<std::string>() + "'.";
  EXPECT_NE(runs[3]["note"].get<std::string>().find(note), std::string::npos) << runs[3]["note"];
  EXPECT_NE(read("out/page.html").find("Words found: negative"), std::string::npos);
  EXPECT_FALSE(runs[0]["trials"][0].contains("found_words"));

  // A kept trial that does not say what it found is run again; the others are not.
  for (const auto& entry : std::filesystem::directory_iterator(path("out/trials"))) {
    nlohmann::json trial = parse_json(slurp(entry.path()));
    trial["record"].erase("found_words");
    spill(entry.path(), trial.dump());
  }
  const Outcome again =
      run({"compare", path("compare.toml"), "--output", path("out"), "--json", "--threads", "1"});
  ASSERT_TRUE(succeeded(again));
  const nlohmann::json runs_again = parse_json(again.out)["runs"];
  EXPECT_EQ(runs_again[3]["trials"][0]["found_words"], words);
  EXPECT_EQ(runs_again[0]["trials"][0]["test_seconds"], runs[0]["trials"][0]["test_seconds"]);
}

}  // namespace
}  // namespace incipit
