#pragma once

#include <optional>
#include <string>
#include <vector>

#include "incipit/experiment.h"

#include "experiment/trial.h"
#include "experiment/trial_store.h"

namespace incipit {

/// Runs the trials of a checked experiment, model by model.
class Runner {
 public:
  Runner(const Experiment& experiment, const ExperimentOptions& options, ExperimentObserver& observer);

  ExperimentResult run();

 private:
  void run_model(const std::filesystem::path& folder, Precision precision);
  /// False: the rest of this model's trials can't be run.
  bool run_one(std::size_t run, std::size_t seed, std::optional<Model>& model);
  Result<Model> load(const ExperimentRun& run) const;
  void take(std::size_t run, std::size_t seed, MeasuredTrial trial, bool kept);
  std::filesystem::path adapter_folder(std::size_t run, std::uint64_t seed) const;
  void report_failure(std::string message);
  Comparison comparison() const;
  RunRecord record(std::size_t run) const;

  const Experiment& experiment_;
  const ExperimentOptions& options_;
  ExperimentObserver& observer_;
  TrialStore store_;
  std::vector<std::string> folder_names_;                        // [runs]
  std::vector<std::vector<std::optional<MeasuredTrial>>> done_;  // [runs][seeds]
  TrialPlace place_;
  std::vector<std::string> failures_;
  bool interrupted_ = false;
};

/// What the finished trials of a run come to; without trials where there are none.
RunRecord run_record(const ExperimentRun& run, std::vector<MeasuredTrial> finished);

/// Runs side by side, without title and source. `first`: any of them, for its test examples.
Comparison compare_runs(const ExperimentRun& first, std::vector<RunRecord> runs);

}  // namespace incipit
