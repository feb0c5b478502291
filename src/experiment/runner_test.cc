#include <optional>

#include <gtest/gtest.h>

#include "incipit/experiment.h"
#include "incipit/predict.h"

#include "base/file.h"
#include "base/rng.h"
#include "support/synthetic_model.h"
#include "support/test_folder.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

/// Remembers what it was told, and stops when it is to.
class Recorder : public ExperimentObserver {
 public:
  void on_model(const fs::path& folder, Precision precision) override {
    ++models;
    loaded.push_back(fmt::format("{} {}", folder.filename().string(), name_of(precision)));
  }
  void on_trial(const Model& /*model*/, const ExperimentRun& run, std::uint64_t seed,
                TrialPlace place) override {
    started.push_back(fmt::format("{}/{} {} of {}", run.name, seed, place.number, place.count));
  }
  void on_test(std::int64_t done, std::int64_t count) override { tested += done == count ? 1 : 0; }
  void on_trial_end(const ExperimentRun& /*run*/, const TrialRecord& /*trial*/, bool kept) override {
    ++(kept ? kept_trials : new_trials);
  }
  bool stop_requested() override { return stop_in > 0 && --stop_in == 0; }

  std::vector<std::string> started, loaded;
  int models = 0, tested = 0, new_trials = 0, kept_trials = 0, stop_in = 0;
};

/// Texts whose class shows in a word, on small random models.
class RunnerTest : public testing::Test {
 protected:
  void SetUp() override {
    make_model("base", "bert");
    train_ = std::make_shared<Dataset>(texts(96, 1));
    held_out_ = std::make_shared<Dataset>(texts(40, 2));
    test_ = std::make_shared<Dataset>(texts(60, 3));
  }

  void make_model(const std::string& name, const std::string& type) const {
    nlohmann::json config = tiny_config(type);
    config["vocab_size"] = 300;
    SyntheticOptions options;
    options.tokenizer = fs::path(INCIPIT_SOURCE_DIR) / "tests/golden/tokenizers/bert/tokenizer.json";
    options.classifier = false;
    ASSERT_TRUE(write_synthetic_model(path(name), config, options));
  }

  /// Seven in ten have class 0. The seed is a word of every text, so that data sets do not overlap.
  static Dataset texts(std::size_t count, std::uint64_t seed) {
    Dataset data;
    data.labels = {"no", "yes"};
    Rng rng(seed);
    for (std::size_t i = 0; i < count; ++i) {
      Example example;
      example.id = std::to_string(i);
      example.label = rng.below(10) < 7 ? 0 : 1;
      example.text_a = fmt::format("{} {} ", seed, i) + (example.label == 1 ? "x y" : "z w");
      data.examples.push_back(std::move(example));
    }
    return data;
  }

  ExperimentRun run(const std::string& name, Method method, double epochs = 2) const {
    ExperimentRun run;
    run.name = name;
    run.model = path("base");
    run.options.method = method;
    run.options.num_virtual_tokens = 4;
    run.options.learning_rate = 1e-2;
    run.options.batch_size = 16;
    run.options.epochs = epochs;
    run.seeds = {0, 5};
    run.train = train_;
    run.held_out = held_out_;
    run.test = test_;
    run.settings = {{"method", std::string(name_of(method))}, {"epochs", fmt::format("{}", epochs)}};
    return run;
  }
  Experiment two_runs() const {
    return {"Two runs", "made up", {run("Head only", Method::head), run("late", Method::late)}};
  }

  ExperimentResult finish(const Experiment& experiment, const ExperimentOptions& options = {}) {
    auto result = run_experiment(experiment, options, recorder_);
    EXPECT_TRUE(result) << result.error().message;
    return result ? std::move(*result) : ExperimentResult{};
  }
  std::string failure(const Experiment& experiment) {
    const auto result = run_experiment(experiment, {}, recorder_);
    return result ? "ran" : result.error().message;
  }

  fs::path path(const std::string& name) const { return folder_.path() / name; }

  TestFolder folder_;
  std::shared_ptr<Dataset> train_, held_out_, test_;
  Recorder recorder_;
};

TEST_F(RunnerTest, MeasuresEveryRunWithEverySeed) {
  const ExperimentResult result = finish(two_runs());
  EXPECT_TRUE(result.failures.empty());
  EXPECT_FALSE(result.interrupted);
  const Comparison& comparison = result.comparison;
  EXPECT_EQ(comparison.title, "Two runs");
  EXPECT_EQ(comparison.labels, test_->labels);
  EXPECT_EQ(comparison.test_examples, 60);
  EXPECT_EQ(comparison.majority_class, 0);
  EXPECT_GT(comparison.majority_accuracy, 0.5);
  ASSERT_EQ(comparison.runs.size(), 2u);
  EXPECT_EQ(comparison.runs[0].name, "Head only");
  EXPECT_EQ(comparison.runs[0].trainable_parameters, 2 * 48 + 2);
  EXPECT_EQ(comparison.runs[1].trainable_parameters, 4 * 48 + 2 * 48 + 2);
  for (const RunRecord& run : comparison.runs) {
    EXPECT_GT(run.all_parameters, 50 * run.trainable_parameters);
    EXPECT_EQ(run.train_examples, 96);
    ASSERT_EQ(run.trials.size(), 2u);
    EXPECT_EQ(run.trials[0].seed, 0u);
    EXPECT_EQ(run.trials[1].seed, 5u);
    EXPECT_NE(run.trials[0].step_losses, run.trials[1].step_losses);
    for (const TrialRecord& trial : run.trials) {
      EXPECT_EQ(trial.step_losses.size(), 12u);
      ASSERT_EQ(trial.epochs.size(), 2u);
      EXPECT_TRUE(trial.epochs[static_cast<std::size_t>(trial.best_epoch)].eval);
      EXPECT_EQ(trial.epochs[0].eval->count, 40);
      EXPECT_EQ(trial.test.count, 60);
      EXPECT_EQ(std::count(trial.correct.begin(), trial.correct.end(), 1),
                std::llround(trial.test.accuracy * 60));
      EXPECT_EQ(trial.correct.size(), 60u);
      EXPECT_GT(trial.peak_bytes, 1 << 20);
    }
  }
  EXPECT_EQ(recorder_.models, 1);
  EXPECT_EQ(recorder_.tested, 4);
  EXPECT_EQ(recorder_.started, (std::vector<std::string>{"Head only/0 1 of 4", "Head only/5 2 of 4",
                                                         "late/0 3 of 4", "late/5 4 of 4"}));
}

TEST_F(RunnerTest, SameSeedSameFigures) {
  const ExperimentResult first = finish(two_runs()), second = finish(two_runs());
  for (std::size_t r = 0; r < 2; ++r)
    for (std::size_t s = 0; s < 2; ++s) {
      const TrialRecord &a = first.comparison.runs[r].trials[s], &b = second.comparison.runs[r].trials[s];
      EXPECT_EQ(a.step_losses, b.step_losses);
      EXPECT_EQ(a.correct, b.correct);
      EXPECT_EQ(a.test.loss, b.test.loss);
    }
}

TEST_F(RunnerTest, NamesTheSurestErrors) {
  const ExperimentResult result = finish({"", "", {run("untrained", Method::head, 0)}});
  const TrialRecord& trial = result.comparison.runs.at(0).trials.at(0);
  ASSERT_FALSE(trial.most_wrong.empty());
  EXPECT_LE(trial.most_wrong.size(), 5u);
  for (std::size_t i = 0; i < trial.most_wrong.size(); ++i) {
    const WrongExample& wrong = trial.most_wrong[i];
    const auto index = static_cast<std::size_t>(std::stoi(wrong.id));
    EXPECT_EQ(trial.correct[index], 0);
    EXPECT_EQ(wrong.text, test_->examples[index].text_a);
    EXPECT_EQ(wrong.label, test_->examples[index].label);
    EXPECT_NE(wrong.predicted, wrong.label);
    EXPECT_GE(wrong.probability, 0.5);
    EXPECT_LE(wrong.probability, trial.most_wrong[i > 0 ? i - 1 : 0].probability);
  }
}

TEST_F(RunnerTest, AHeadThatNobodyTrainedIsSaidToBeChance) {
  ExperimentRun untrained = run("untrained", Method::head, 0);
  untrained.note = "As it comes.";
  const ExperimentResult result = finish({"", "", {untrained, run("head", Method::head)}});
  const RunRecord& record = result.comparison.runs[0];
  EXPECT_TRUE(record.note.starts_with("As it comes. The head is random numbers that nobody trained"))
      << record.note;
  EXPECT_TRUE(record.trials[0].step_losses.empty());
  EXPECT_EQ(record.trials[0].best_epoch, 0);
  EXPECT_EQ(result.comparison.runs[1].note.find("nobody trained"), std::string::npos);
}

TEST_F(RunnerTest, AHeadFromASavedAdapterIsNotCalledChance) {
  ExperimentOptions options;
  options.adapters = path("adapters");
  finish({"", "", {run("Head only!", Method::head)}}, options);
  ExperimentRun again = run("again", Method::head, 0);
  again.options.init = PromptInit::adapter;
  again.options.init_adapter = path("adapters/head-only/5");
  const ExperimentResult result = finish({"", "", {again}});
  EXPECT_EQ(result.comparison.runs[0].note.find("chance"), std::string::npos);
  EXPECT_NE(result.comparison.runs[0].note.find("Not trained."), std::string::npos);
}

TEST_F(RunnerTest, SavedAdaptersAnswerAsMeasured) {
  ExperimentOptions options;
  options.adapters = path("adapters");
  const ExperimentResult result = finish(two_runs(), options);
  const auto model = Model::load(path("base"));
  const auto adapter = Adapter::load(path("adapters/late/5"), *model);
  ASSERT_TRUE(adapter) << adapter.error().message;
  Predictor predictor(*model, *adapter, {});
  const Metrics metrics = evaluate_predictions(test_->examples, *predictor.predict(test_->examples), 2);
  EXPECT_EQ(metrics.accuracy, result.comparison.runs[1].trials[1].test.accuracy);
  EXPECT_EQ(adapter->info().provenance.at("run"), "late");
  EXPECT_EQ(adapter->info().training_texts.size(), 96u);
}

TEST_F(RunnerTest, RunsOfOnePrecisionShareAModel) {
  ExperimentRun exact = run("exact", Method::late, 1), narrow = run("narrow", Method::late, 1);
  ExperimentRun again = run("again", Method::late, 1);
  narrow.precision = Precision::int8;
  ExperimentOptions options;
  options.adapters = path("adapters");
  const ExperimentResult result = finish({"", "", {exact, narrow, again}}, options);
  EXPECT_EQ(recorder_.loaded, std::vector<std::string>({"base f32", "base int8"}));
  const std::vector<RunRecord>& runs = result.comparison.runs;
  EXPECT_EQ(runs[0].trials[0].step_losses, runs[2].trials[0].step_losses);
  EXPECT_NE(runs[0].trials[0].step_losses, runs[1].trials[0].step_losses);
  const auto adapter = Adapter::load(path("adapters/narrow/5"), *Model::load(path("base")));
  ASSERT_TRUE(adapter) << adapter.error().message;
  EXPECT_EQ(adapter->info().provenance.at("precision"), "int8");
}

TEST_F(RunnerTest, CollapseAndMajorityAreNoted) {
  ExperimentRun still = run("still", Method::late, 1);
  still.options.learning_rate = 0;
  const ExperimentResult result = finish({"", "", {still, run("long", Method::head, 40)}});
  EXPECT_NE(result.comparison.runs[0].note.find("Not clearly better than always answering 'no'"),
            std::string::npos)
      << result.comparison.runs[0].note;
  const Metrics& learned = result.comparison.runs[1].trials[0].test;
  ASSERT_GT(learned.accuracy_interval.low, learned.majority_accuracy);
  EXPECT_EQ(result.comparison.runs[1].note, "");
}

TEST_F(RunnerTest, TestTextsThatTheRunHasSeenAreNoted) {
  ExperimentRun cheat = run("cheat", Method::head);
  auto train = std::make_shared<Dataset>(*train_);
  train->examples.insert(train->examples.end(), test_->examples.begin(), test_->examples.begin() + 7);
  cheat.train = train;
  const ExperimentResult result = finish({"", "", {cheat}});
  EXPECT_NE(result.comparison.runs[0].note.find("Of the 60 test texts 7 are among those"), std::string::npos);
}

TEST_F(RunnerTest, FinishedTrialsAreKept) {
  ExperimentOptions options;
  options.trials = path("trials");
  const ExperimentResult first = finish(two_runs(), options);
  EXPECT_EQ(recorder_.new_trials, 4);
  Experiment changed = two_runs();
  changed.runs[0].settings[1].second = "3";
  changed.runs[1].name = "renamed";
  changed.runs[1].seeds = {5, 6};
  const ExperimentResult second = finish(changed, options);
  EXPECT_EQ(recorder_.kept_trials, 1);
  EXPECT_EQ(recorder_.new_trials, 7);
  EXPECT_EQ(second.comparison.runs[1].trials[0].correct, first.comparison.runs[1].trials[1].correct);
  EXPECT_EQ(second.comparison.runs[1].trainable_parameters, first.comparison.runs[1].trainable_parameters);
  recorder_ = {};
  finish(changed, options);
  EXPECT_EQ(recorder_.models, 0) << "nothing is left to run";
  options.fresh = true;
  finish(changed, options);
  EXPECT_EQ(recorder_.new_trials, 4);
}

TEST_F(RunnerTest, OtherDataIsAnotherTrial) {
  ExperimentOptions options;
  options.trials = path("trials");
  finish(two_runs(), options);
  test_ = std::make_shared<Dataset>(texts(60, 4));
  finish(two_runs(), options);
  EXPECT_EQ(recorder_.kept_trials, 0);
}

TEST_F(RunnerTest, StopsOnRequestWithWhatIsFinished) {
  recorder_.stop_in = 20;  // asked once before and 12 times in a trial
  const ExperimentResult result = finish(two_runs());
  EXPECT_TRUE(result.interrupted);
  ASSERT_EQ(result.comparison.runs.size(), 1u);
  EXPECT_EQ(result.comparison.runs[0].trials.size(), 1u);
  EXPECT_NE(result.comparison.runs[0].note.find("Only 1 of 2 seeds"), std::string::npos);
}

TEST_F(RunnerTest, AFailedTrialDoesNotEndTheOthers) {
  Experiment experiment = two_runs();
  experiment.runs[0].options.method = Method::late;
  experiment.runs[0].options.insert_layer = 99;
  const ExperimentResult result = finish(experiment);
  ASSERT_EQ(result.failures.size(), 2u);
  EXPECT_NE(result.failures[0].find("run 'Head only', seed 0: "), std::string::npos);
  EXPECT_NE(result.failures[0].find("99"), std::string::npos);
  ASSERT_EQ(result.comparison.runs.size(), 1u);
  EXPECT_EQ(result.comparison.runs[0].name, "late");
}

TEST_F(RunnerTest, EachModelIsLoadedOnce) {
  make_model("other", "distilbert");
  Experiment experiment = two_runs();
  experiment.runs.push_back(run("third", Method::head));
  experiment.runs[1].model = path("other");
  const ExperimentResult result = finish(experiment);
  EXPECT_EQ(recorder_.models, 2);
  ASSERT_EQ(result.comparison.runs.size(), 3u);
  EXPECT_EQ(result.comparison.runs[1].name, "late");
  experiment.runs[1].model = path("none");
  EXPECT_EQ(finish(experiment).failures.size(), 1u);
}

TEST_F(RunnerTest, RefusesWhatCannotBeCompared) {
  Experiment experiment = two_runs();
  experiment.runs[1].name = experiment.runs[0].name;
  EXPECT_EQ(failure(experiment), "two runs are called 'Head only'");
  experiment = two_runs();
  experiment.runs[1].test = std::make_shared<Dataset>(texts(59, 3));
  EXPECT_NE(failure(experiment).find("60 and 59 test examples"), std::string::npos) << failure(experiment);
  auto relabelled = std::make_shared<Dataset>(*test_);
  relabelled->examples[4].label = 1 - relabelled->examples[4].label;
  experiment.runs[1].test = relabelled;
  EXPECT_NE(failure(experiment).find("test example 5 is '4' ("), std::string::npos) << failure(experiment);
  auto other_texts = std::make_shared<Dataset>(*test_);
  for (Example& example : other_texts->examples) example.text_a += " more";
  experiment.runs[1].test = other_texts;
  EXPECT_NE(failure(experiment).find("60 of 60 test examples have other texts"), std::string::npos);
  auto other_labels = std::make_shared<Dataset>(*train_);
  other_labels->labels = {"no", "maybe"};
  experiment = two_runs();
  experiment.runs[1].train = other_labels;
  EXPECT_NE(failure(experiment).find("its labels are no, maybe"), std::string::npos);
  EXPECT_NE(failure(Experiment{}).find("no runs"), std::string::npos);
  experiment = two_runs();
  experiment.runs[0].seeds = {1, 1};
  EXPECT_NE(failure(experiment).find("twice"), std::string::npos);
}

TEST_F(RunnerTest, PreparedTextsCountAsTheSame) {
  Experiment experiment = two_runs();
  auto prepared = std::make_shared<Dataset>(*test_);
  for (Example& example : prepared->examples) example.text_a = "  " + example.text_a + " .";
  for (char& c : prepared->examples[0].text_a) c = static_cast<char>(std::toupper(c));
  experiment.runs[1].test = prepared;
  EXPECT_EQ(finish(experiment).comparison.runs.size(), 2u);
}

TEST_F(RunnerTest, APreparationMayLeaveWordsOut) {
  Experiment experiment = two_runs();
  auto prepared = std::make_shared<Dataset>(*test_);
  for (Example& example : prepared->examples) example.text_a.resize(example.text_a.size() / 2);
  experiment.runs[1].test = prepared;
  EXPECT_NE(failure(experiment).find("60 of 60 test examples have other texts"), std::string::npos);
  prepared->preparation.kind = Preparation::Kind::movie_review;
  EXPECT_EQ(finish(experiment).comparison.runs.size(), 2u);
  for (Example& example : prepared->examples) example.text_a = "another text " + example.id;
  EXPECT_NE(failure(experiment).find("60 of 60 test examples have other texts"), std::string::npos);
}

TEST_F(RunnerTest, WhatIsNotTrainedNeedsNoTrainingTexts) {
  Experiment experiment = two_runs();
  auto none = std::make_shared<Dataset>(*train_);
  none->examples.clear();
  for (ExperimentRun& run : experiment.runs) {
    run.train = none;
    run.held_out = nullptr;
  }
  EXPECT_NE(failure(experiment).find("has no training examples"), std::string::npos);
  for (ExperimentRun& run : experiment.runs) run.options.epochs = 0;
  const ExperimentResult result = finish(experiment);
  ASSERT_EQ(result.comparison.runs.size(), 2u);
  EXPECT_EQ(result.comparison.runs[0].train_examples, 0);
  EXPECT_EQ(result.comparison.runs[0].trials[0].test.count, 60);
}

TEST_F(RunnerTest, FolderNamesAreSafeAndDifferent) {
  Experiment experiment;
  for (const char* name : {"Late, k = 3", "late K 3", "../..", "", "été", "late-k-3"}) {
    experiment.runs.emplace_back();
    experiment.runs.back().name = name;
  }
  EXPECT_EQ(run_folder_names(experiment),
            (std::vector<std::string>{"late-k-3", "late-k-3-2", "run", "run-2", "t", "late-k-3-3"}));
}

}  // namespace
}  // namespace incipit
