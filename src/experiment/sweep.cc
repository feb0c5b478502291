#include "incipit/sweep.h"

#include <utility>

#include "experiment/runner.h"
#include "experiment/sweep_rank.h"
#include "experiment/trial.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

Status check_plan(const SweepPlan& plan, const ExperimentOptions& options) {
  if (plan.runs.empty()) return fail("the sweep has no settings");
  if (options.adapters.empty()) return fail("the sweep has no folder for its adapters");
  if (!metric_by_name(Metrics{}, plan.metric)) return fail("metric \"{}\" is not known", plan.metric);
  for (const ExperimentRun& run : plan.runs)
    if (run.held_out == nullptr || !measures_held_out(run))
      return fail("setting '{}' has no held-out examples to be chosen by", run.name);
  return {};
}

/// The index of a run of the plan by its name.
std::size_t planned(const SweepPlan& plan, const std::string& name) {
  std::size_t i = 0;
  while (plan.runs[i].name != name) ++i;
  return i;
}

/// The best setting's adapters, one a seed, on the test examples.
Result<Comparison> test_best(const Model& model, const SweepPlan& plan, const RunRecord& best,
                             const fs::path& adapters, const ExperimentOptions& options,
                             ExperimentObserver& observer) {
  ExperimentRun run = plan.runs[planned(plan, best.name)];
  run.test = plan.test;
  std::vector<MeasuredTrial> trials;
  for (const TrialRecord& record : best.trials) {
    INCIPIT_TRY(const Adapter adapter, Adapter::load(adapters / std::to_string(record.seed), model));
    MeasuredTrial& trial = trials.emplace_back();
    trial.record = record;
    INCIPIT_CHECK(measure(model, adapter, run, options.most_wrong, observer, trial.record));
    trial.trainable_parameters = best.trainable_parameters;
    trial.all_parameters = best.all_parameters;
  }
  std::vector<RunRecord> runs;
  runs.push_back(run_record(run, std::move(trials)));
  Comparison comparison = compare_runs(run, std::move(runs));
  comparison.title = "The best setting, on texts that nothing was chosen by";
  comparison.data = plan.test_data;
  return comparison;
}

}  // namespace

Result<SweepResult> run_sweep(const Model& model, const SweepPlan& plan, const ExperimentOptions& options,
                              ExperimentObserver& observer) {
  INCIPIT_CHECK(check_plan(plan, options));
  const Experiment experiment{plan.title, plan.data, plan.runs};
  ExperimentOptions with_model = options;
  with_model.model = model;
  with_model.look_into_prompts = false;  // would take longer than some trials do
  INCIPIT_TRY(ExperimentResult ran, run_experiment(experiment, with_model, observer));

  SweepResult result;
  result.axes = plan.axes;
  result.metric = plan.metric;
  result.validation = std::move(ran.comparison);
  result.failures = std::move(ran.failures);
  result.interrupted = ran.interrupted;
  std::vector<int> truth;
  for (const Example& example : plan.runs.front().held_out->examples) truth.push_back(example.label);
  result.settings = rank_settings(result.validation, plan.metric, truth, plan.runs.front().seeds.size());
  const std::vector<std::vector<std::string>> grid = sweep_grid(plan.axes);
  for (RankedSetting& setting : result.settings) {
    const std::size_t index = planned(plan, result.validation.runs[setting.run].name);
    if (index < grid.size()) setting.grid = grid[index];
  }
  if (plan.test != nullptr && result.best() != nullptr && !result.interrupted) {
    const RunRecord& best = result.validation.runs[result.best()->run];
    const fs::path adapters = options.adapters / run_folder_names(experiment)[planned(plan, best.name)];
    INCIPIT_TRY(result.test, test_best(model, plan, best, adapters, options, observer));
  }
  return result;
}

}  // namespace incipit
