#include "experiment/runner.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/machine.h"
#include "experiment/check_experiment.h"
#include "experiment/run_note.h"

namespace incipit {
namespace fs = std::filesystem;

Runner::Runner(const Experiment& experiment, const ExperimentOptions& options, ExperimentObserver& observer)
    : experiment_(experiment),
      options_(options),
      observer_(observer),
      store_(options.trials, options.fresh),
      folder_names_(run_folder_names(experiment)) {
  for (const ExperimentRun& run : experiment.runs) {
    done_.emplace_back(run.seeds.size());
    place_.count += std::ssize(run.seeds);
  }
}

ExperimentResult Runner::run() {
  std::vector<std::pair<fs::path, Precision>> models;  // in the order of their first runs
  for (const ExperimentRun& run : experiment_.runs)
    if (std::pair model(run.model, run.precision);
        std::find(models.begin(), models.end(), model) == models.end())
      models.push_back(std::move(model));
  for (const auto& [folder, precision] : models)
    if (!interrupted_) run_model(folder, precision);
  return {comparison(), std::move(failures_), interrupted_};
}

void Runner::run_model(const fs::path& folder, Precision precision) {
  std::optional<Model> model;  // loaded when the first trial needs it
  for (std::size_t r = 0; r < experiment_.runs.size(); ++r) {
    if (experiment_.runs[r].model != folder || experiment_.runs[r].precision != precision) continue;
    for (std::size_t s = 0; s < experiment_.runs[r].seeds.size(); ++s) {
      interrupted_ = interrupted_ || observer_.stop_requested();
      if (interrupted_ || !run_one(r, s, model)) return;
    }
  }
}

bool Runner::run_one(std::size_t r, std::size_t s, std::optional<Model>& model) {
  const ExperimentRun& run = experiment_.runs[r];
  const std::uint64_t seed = run.seeds[s];
  const fs::path adapter = adapter_folder(r, seed);
  std::error_code error;
  ++place_.number;
  if (std::optional<MeasuredTrial> kept = store_.find(run, seed);
      kept && (adapter.empty() || fs::exists(adapter, error))) {
    take(r, s, std::move(*kept), true);
    return true;
  }
  if (!model) {
    observer_.on_model(run.model, run.precision);
    Result<Model> loaded = load(run);
    if (!loaded) {
      report_failure(loaded.error().message);
      return false;
    }
    model.emplace(std::move(*loaded));
  }
  observer_.on_trial(*model, run, seed, place_);
  Result<std::optional<MeasuredTrial>> trial = run_trial(*model, run, seed, options_, adapter, observer_);
  if (!trial) {
    report_failure(fmt::format("run '{}', seed {}: {}", run.name, seed, trial.error().message));
  } else if (!*trial) {
    interrupted_ = true;
  } else {
    if (const Status stored = store_.keep(run, **trial); !stored)
      observer_.on_warning(stored.error().message);
    take(r, s, std::move(**trial), false);
  }
  return true;
}

Result<Model> Runner::load(const ExperimentRun& run) const {
  const std::optional<Model>& given = options_.model;
  if (given && given->info().folder == run.model && given->info().precision == resolved(run.precision))
    return *given;
  return Model::load(run.model, {run.precision, options_.packed_weights});
}

void Runner::take(std::size_t run, std::size_t seed, MeasuredTrial trial, bool kept) {
  done_[run][seed] = std::move(trial);
  observer_.on_trial_end(experiment_.runs[run], done_[run][seed]->record, kept);
}

fs::path Runner::adapter_folder(std::size_t run, std::uint64_t seed) const {
  if (options_.adapters.empty()) return {};
  return options_.adapters / folder_names_[run] / std::to_string(seed);
}

void Runner::report_failure(std::string message) {
  observer_.on_failure(message);
  failures_.push_back(std::move(message));
}

Comparison Runner::comparison() const {
  std::vector<RunRecord> runs;
  for (std::size_t r = 0; r < experiment_.runs.size(); ++r)
    if (RunRecord run = record(r); !run.trials.empty()) runs.push_back(std::move(run));
  Comparison comparison = compare_runs(experiment_.runs.front(), std::move(runs));
  comparison.title = experiment_.title;
  comparison.data = experiment_.data;
  return comparison;
}

Comparison compare_runs(const ExperimentRun& first, std::vector<RunRecord> runs) {
  Comparison comparison;
  const Dataset& test = *first.test;
  comparison.labels = test.labels;
  comparison.test_examples = std::ssize(test.examples);
  if (measures_held_out(first)) comparison.examples_name = "validation";
  comparison.machine = fmt::format("{}, incipit {}", machine_description(), INCIPIT_VERSION);
  comparison.runs = std::move(runs);
  if (!comparison.runs.empty()) {
    const Metrics& any = comparison.runs.front().trials.front().test;
    comparison.majority_class = any.majority_class;
    comparison.majority_accuracy = any.majority_accuracy;
    comparison.majority_f1 = any.majority_f1;
  }
  return comparison;
}

RunRecord Runner::record(std::size_t r) const {
  std::vector<MeasuredTrial> finished;
  for (const std::optional<MeasuredTrial>& trial : done_[r])
    if (trial) finished.push_back(*trial);
  return run_record(experiment_.runs[r], std::move(finished));
}

RunRecord run_record(const ExperimentRun& run, std::vector<MeasuredTrial> finished) {
  RunRecord record;
  if (finished.empty()) return record;
  record.name = run.name;
  record.note = run_note(run, finished);
  record.settings = run.settings;
  record.trainable_parameters = finished.front().trainable_parameters;
  record.all_parameters = finished.front().all_parameters;
  record.train_examples = std::ssize(run.train->examples);
  for (MeasuredTrial& trial : finished) record.trials.push_back(std::move(trial.record));
  return record;
}

Result<ExperimentResult> run_experiment(const Experiment& experiment, const ExperimentOptions& options,
                                        ExperimentObserver& observer) {
  INCIPIT_CHECK(check_experiment(experiment));
  return Runner(experiment, options, observer).run();
}

std::vector<std::string> run_folder_names(const Experiment& experiment) {
  std::vector<std::string> names;
  for (const ExperimentRun& run : experiment.runs) {
    std::string name;
    for (const char c : run.name) {
      const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      const bool plain = (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
      if (plain)
        name += lower;
      else if (!name.empty() && name.back() != '-')
        name += '-';
    }
    while (!name.empty() && name.back() == '-') name.pop_back();
    if (name.empty()) name = "run";
    std::string unique = name;
    for (int n = 2; std::find(names.begin(), names.end(), unique) != names.end(); ++n)
      unique = fmt::format("{}-{}", name, n);
    names.push_back(std::move(unique));
  }
  return names;
}

}  // namespace incipit
