#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "incipit/comparison.h"
#include "incipit/dataset.h"
#include "incipit/precision.h"
#include "incipit/result.h"
#include "incipit/train.h"

namespace incipit {

/// A setting to be measured, with one or several seeds.
struct ExperimentRun {
  std::string name;             // no other run has it
  std::string note;             // the author's; may be empty
  std::filesystem::path model;  // its folder
  Precision precision = Precision::f32;
  TrainOptions options;  // `seed` is each trial's own; epochs and max_steps 0: measures the start
  std::vector<std::uint64_t> seeds;
  std::shared_ptr<const Dataset> train;     // without examples where nothing is trained
  std::shared_ptr<const Dataset> held_out;  // chooses the best epoch; null: the last one is kept
  std::shared_ptr<const Dataset> test;      // measured once, after that; `held_out` itself: see run_sweep()
  /// Every flag and its value: shown to readers, and what a kept trial is recognised by.
  std::vector<std::pair<std::string, std::string>> settings;
};

/// Runs that can be compared: all have the same labels and the same test examples.
struct Experiment {
  std::string title;
  std::string data;  // where the examples come from, for people
  std::vector<ExperimentRun> runs;
};

struct ExperimentOptions {
  /// Keeps every trial's adapter in <adapters>/<run_folder_name>/<seed>; empty: none is kept.
  std::filesystem::path adapters;
  /// Keeps the record of every finished trial, so that it need not be run again; empty: none is kept.
  std::filesystem::path trials;
  std::filesystem::path packed_weights{};  // see LoadOptions
  bool fresh = false;                      // runs kept trials again
  std::size_t most_wrong = 5;
  bool look_into_prompts = true;  // see TrialRecord::prompt
  /// Used for the runs of its folder and precision, which then load none.
  std::optional<Model> model;
};

/// Whether a run has no other examples than those that choose its epoch.
inline bool measures_held_out(const ExperimentRun& run) {
  return run.test == run.held_out;
}

/// Where a trial stands among all.
struct TrialPlace {
  std::int64_t number = 0;  // 1-based, of `count`
  std::int64_t count = 0;
};

/// Is told how the experiment goes, from the thread that runs it; of each trial also what training tells.
class ExperimentObserver : public TrainObserver {
 public:
  virtual void on_model(const std::filesystem::path& /*folder*/, Precision /*precision*/) {}
  virtual void on_trial(const Model& /*model*/, const ExperimentRun& /*run*/, std::uint64_t /*seed*/,
                        TrialPlace /*place*/) {}
  virtual void on_test(std::int64_t /*done*/, std::int64_t /*count*/) {}
  /// `kept`: it was finished before, and only read.
  virtual void on_trial_end(const ExperimentRun& /*run*/, const TrialRecord& /*trial*/, bool /*kept*/) {}
  virtual void on_failure(const std::string& /*message*/) {}
};

struct ExperimentResult {
  Comparison comparison;              // of the trials that were finished; a run without one is left out
  std::vector<std::string> failures;  // a line for each trial (or model) that failed; the others went on
  bool interrupted = false;           // stop_requested() said so
};

/// Runs every trial: trains, chooses the epoch by `held_out`, measures `test` once. Runs of one model
/// and precision are taken together, so that it is loaded once and one model at a time is in memory; the
/// comparison has the experiment's order. Fails where the runs cannot be compared.
Result<ExperimentResult> run_experiment(const Experiment& experiment, const ExperimentOptions& options,
                                        ExperimentObserver& observer);

/// A name for a folder or a link, for each run: letters, digits and '-', all different.
std::vector<std::string> run_folder_names(const Experiment& experiment);

}  // namespace incipit
