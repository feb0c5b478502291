#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>

#include "incipit/experiment.h"

#include "progress.h"

namespace incipit::cli {

/// Shows on stderr how a comparison goes, a line for each trial; passes Ctrl-C on.
class CompareObserver : public ExperimentObserver {
 public:
  /// measured: what a trial's final figures are of.
  explicit CompareObserver(std::string measured = "test") : measured_(std::move(measured)) {}

  void on_model(const std::filesystem::path& folder, Precision precision) override;
  void on_trial(const Model& model, const ExperimentRun& run, std::uint64_t seed, TrialPlace place) override;
  void on_start(const TrainStart& start) override;
  void on_step(const StepReport& report) override;
  void on_epoch(const EpochReport& report) override;
  void on_test(std::int64_t done, std::int64_t count) override;
  void on_trial_end(const ExperimentRun& run, const TrialRecord& trial, bool kept) override;
  void on_warning(const std::string& message) override;
  void on_failure(const std::string& message) override;
  bool stop_requested() override;

 private:
  std::string measured_;
  std::string trial_;  // "[2/6] late, seed 1"
  std::optional<Progress> progress_;
  bool tests_ = false;
  std::set<std::pair<std::filesystem::path, std::string>> checked_;  // models and templates
};

}  // namespace incipit::cli
