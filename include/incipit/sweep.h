#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "incipit/comparison.h"
#include "incipit/dataset.h"
#include "incipit/experiment.h"
#include "incipit/metrics.h"
#include "incipit/result.h"

namespace incipit {

/// A flag and the values that it is swept over, as they are written.
struct SweepAxis {
  std::string name;  // without dashes
  std::vector<std::string> values;
};

/// Every combination of the axes' values: [settings][axes], the last axis changing fastest. Without axes one
/// empty setting.
std::vector<std::vector<std::string>> sweep_grid(std::span<const SweepAxis> axes);

/// What tells a setting from the others: the values of the axes that have several, such as "lr 0.01, init
/// vocab"; "the only setting" where none has. setting: [axes]
std::string setting_name(std::span<const SweepAxis> axes, std::span<const std::string> setting);

/// Settings to choose from.
struct SweepPlan {
  std::string title;
  std::string data;  // where the examples that choose come from, for people
  std::vector<SweepAxis> axes;
  std::string metric = "accuracy";  // the mean over seeds of which chooses the setting; see metric_by_name()
  /// A setting of the grid each, in its order; all of one model, with the same seeds and the same texts,
  /// whose `test` is their `held_out`.
  std::vector<ExperimentRun> runs;
  std::shared_ptr<const Dataset> test;  // measured with the best setting alone; null: nothing is
  std::string test_data;
};

/// A setting and what it is worth.
struct RankedSetting {
  std::size_t run = 0;            // of SweepResult::validation
  std::vector<std::string> grid;  // [axes]
  bool complete = false;          // every seed was finished
  double mean = 0, sd = 0;        // of the metric over seeds; of a loss, which is better small, as it is
  double train_seconds = 0;       // mean over seeds
  std::size_t best_trial = 0;     // of its trials by the metric, the first of equals
  /// How much worse than the best setting, with a 95 % interval over other texts to choose by (paired
  /// bootstrap) and, where both have several seeds, over other seeds (Welch's t). None for the best itself,
  /// and where nothing tells: a loss with one seed.
  double behind_best = 0;
  std::optional<Interval> behind_best_interval;
  bool is_clearly_behind = false;  // the interval is above 0
};

struct SweepResult {
  std::vector<SweepAxis> axes;
  std::string metric;
  /// Best first: those with every seed finished by their mean, the earlier of the grid first among equals,
  /// then the others. So the first is the best one if it is complete.
  std::vector<RankedSetting> settings;
  Comparison validation;  // the runs in the order of the grid
  /// The best setting on the test examples, each of its seeds; no runs where there are none, or no best.
  Comparison test;
  std::vector<std::string> failures;  // see ExperimentResult
  bool interrupted = false;

  /// The best setting; null where no setting was finished with every seed.
  const RankedSetting* best() const {
    return settings.empty() || !settings.front().complete ? nullptr : &settings.front();
  }
};

/// Runs every setting with every seed, ranks the settings by the examples that chose the epochs, and measures
/// the best one on plan.test. So that the test figures stay those of texts that nothing was chosen by, no
/// other setting is measured on them. options.adapters must be given: the best is read from there.
Result<SweepResult> run_sweep(const Model& model, const SweepPlan& plan, const ExperimentOptions& options,
                              ExperimentObserver& observer);

/// The table for a terminal: a setting a line, best first, and what can't be told from the best.
std::string format_sweep(const SweepResult& sweep);
/// Axes, ranking and test as a JSON object; comparison_to_json(sweep.validation) has every trial.
std::string sweep_to_json(const SweepResult& sweep);

}  // namespace incipit
