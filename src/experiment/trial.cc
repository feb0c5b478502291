#include "experiment/trial.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <string>

#include <nlohmann/json.hpp>

#include "incipit/predict.h"

#include "backbone/architecture.h"
#include "base/memory.h"
#include "experiment/prompt_look.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

/// Passes on what training tells, and remembers what belongs into the record.
class TrialObserver : public TrainObserver {
 public:
  TrialObserver(TrainObserver& next, MeasuredTrial& trial) : next_(next), trial_(trial) {}

  void on_start(const TrainStart& start) override {
    trial_.trainable_parameters = start.trainable;
    trial_.all_parameters = start.all;
    next_.on_start(start);
  }
  void on_step(const StepReport& report) override {
    trial_.record.step_losses.push_back(report.loss);
    next_.on_step(report);
  }
  void on_epoch(const EpochReport& report) override { next_.on_epoch(report); }
  void on_warning(const std::string& message) override { next_.on_warning(message); }
  bool stop_requested() override { return next_.stop_requested(); }

 private:
  TrainObserver& next_;
  MeasuredTrial& trial_;
};

/// Whether a new adapter's head is random numbers: neither the checkpoint nor a saved adapter has one, nor do
/// words take its place.
bool draws_head(const Model& model, const ExperimentRun& run) {
  if (run.options.method == Method::hard || !run.options.verbalizer.empty()) return false;
  if (run.options.init == PromptInit::adapter) return false;
  const std::optional<HeadLayerWeights>& stored = model.head_weights().output;
  return !stored || stored->weight.rows() != std::ssize(run.train->labels);
}

/// [labels] the words of a verbalizer that names its labels and gives each a list.
std::vector<std::vector<std::string>> words_of(const AdapterInfo& info) {
  const auto json = nlohmann::json::parse(info.verbalizer, nullptr, false);
  std::vector<std::vector<std::string>> words;
  if (!json.is_object()) return words;
  for (const std::string& label : info.labels) words.push_back(json.value(label, std::vector<std::string>()));
  return words;
}

double probability_of(const Prediction& prediction) {
  return prediction.probabilities[static_cast<std::size_t>(prediction.label)];
}

std::vector<WrongExample> find_most_wrong(std::span<const Example> examples,
                                          std::span<const Prediction> predictions, std::size_t count) {
  std::vector<std::size_t> wrong;
  for (std::size_t i = 0; i < examples.size(); ++i)
    if (predictions[i].label != examples[i].label) wrong.push_back(i);
  std::stable_sort(wrong.begin(), wrong.end(), [predictions](std::size_t a, std::size_t b) {
    return probability_of(predictions[a]) > probability_of(predictions[b]);
  });
  wrong.resize(std::min(wrong.size(), count));
  std::vector<WrongExample> found;
  for (const std::size_t i : wrong) {
    const Example& example = examples[i];
    found.push_back({example.id, example.text_b ? example.text_a + " | " + *example.text_b : example.text_a,
                     example.label, predictions[i].label, probability_of(predictions[i])});
  }
  return found;
}

Status save(Adapter& adapter, const ExperimentRun& run, const TrialRecord& record, const fs::path& folder) {
  std::string flags;
  for (const auto& [flag, value] : run.settings) flags += fmt::format("{} = {}\n", flag, value);
  std::vector<std::uint64_t> texts;
  for (const Example& example : run.train->examples)
    texts.push_back(text_hash(example.text_a, example.text_b));
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  const std::string examples = measures_held_out(run) ? "eval" : "test";
  adapter.set_provenance({{"incipit", INCIPIT_VERSION},
                          {"run", run.name},
                          {"precision", std::string(name_of(resolved(run.precision)))},
                          {"seed", std::to_string(record.seed)},
                          {"flags", flags},
                          {"examples", std::to_string(run.train->examples.size())},
                          {"best_epoch", std::to_string(record.best_epoch)},
                          {examples + "_examples", std::to_string(record.test.count)},
                          {examples + "_accuracy", fmt::format("{:.4f}", record.test.accuracy)}},
                         std::move(texts));
  return adapter.save(folder);
}

}  // namespace

Status measure(const Model& model, const Adapter& adapter, const ExperimentRun& run, std::size_t most_wrong,
               ExperimentObserver& observer, TrialRecord& record) {
  const std::vector<Example>& examples = run.test->examples;
  const auto start = std::chrono::steady_clock::now();
  PredictOptions options;
  options.max_batch_tokens = run.options.max_batch_tokens.value_or(options.max_batch_tokens);
  options.activation_cache = run.options.activation_cache;
  Predictor predictor(model, adapter, options);
  INCIPIT_TRY(const std::vector<Prediction> predictions, predictor.predict(examples, [&](std::int64_t done) {
    observer.on_test(done, std::ssize(examples));
  }));
  record.test_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  record.test = evaluate_predictions(examples, predictions, static_cast<int>(run.test->labels.size()));
  record.correct.clear();
  record.predicted.clear();
  for (std::size_t i = 0; i < examples.size(); ++i) {
    record.correct.push_back(predictions[i].label == examples[i].label ? 1 : 0);
    record.predicted.push_back(predictions[i].label);
  }
  record.most_wrong = find_most_wrong(examples, predictions, most_wrong);
  return {};
}

Result<std::optional<MeasuredTrial>> run_trial(const Model& model, const ExperimentRun& run,
                                               std::uint64_t seed, const ExperimentOptions& options,
                                               const fs::path& adapter_folder, ExperimentObserver& observer) {
  MeasuredTrial trial;
  trial.record.seed = seed;
  trial.drawn_head = draws_head(model, run);
  TrainOptions train_options = run.options;
  train_options.seed = seed;
  reset_peak_memory();
  TrialObserver recorder(observer, trial);
  INCIPIT_TRY(TrainResult result, train(model, *run.train, run.held_out.get(), train_options, recorder));
  if (result.interrupted) return std::nullopt;
  trial.record.epochs = std::move(result.epochs);
  trial.record.best_epoch = result.best_epoch;
  trial.record.train_seconds = result.seconds;
  if (train_options.label_words > 0) trial.record.found_words = words_of(result.adapter.info());
  INCIPIT_CHECK(measure(model, result.adapter, run, options.most_wrong, observer, trial.record));
  trial.record.peak_bytes = peak_memory();
  if (options.look_into_prompts) trial.record.prompt = look_at_prompt(model, result.adapter, run, observer);
  if (!adapter_folder.empty()) INCIPIT_CHECK(save(result.adapter, run, trial.record, adapter_folder));
  return trial;
}

}  // namespace incipit
