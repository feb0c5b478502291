#include "experiment/run_summary.h"

#include <algorithm>
#include <cmath>

#include "eval/bootstrap.h"
#include "eval/interval.h"

namespace incipit {
namespace {

constexpr std::uint64_t kSeed = 0;  // of the resamples: the same for all runs, so that they are comparable

template <typename Get>
Spread over_seeds(const RunRecord& run, Get get) {
  std::vector<double> values;
  for (const TrialRecord& trial : run.trials) values.push_back(get(trial));
  return spread_of(values);
}

RunSummary summarize(const RunRecord& run) {
  RunSummary summary;
  if (run.trials.empty()) return summary;
  summary.accuracy = over_seeds(run, [](const TrialRecord& trial) { return trial.test.accuracy; });
  summary.f1 = over_seeds(run, [](const TrialRecord& trial) { return trial.test.f1; });
  summary.train_seconds = over_seeds(run, [](const TrialRecord& trial) { return trial.train_seconds; });
  for (const TrialRecord& trial : run.trials)
    summary.peak_bytes = std::max(summary.peak_bytes, trial.peak_bytes);
  const Metrics& first = run.trials.front().test;
  summary.accuracy_interval = first.accuracy_interval;
  if (const auto right = std::llround(summary.accuracy.mean * static_cast<double>(first.count));
      run.trials.size() > 1)
    summary.accuracy_interval = wilson_interval(right, first.count);
  return summary;
}

/// [test examples] the share of seeds that were right; empty where they do not all say.
std::vector<double> right_shares(const RunRecord& run) {
  std::vector<double> shares(run.trials.empty() ? 0 : run.trials.front().correct.size());
  for (const TrialRecord& trial : run.trials) {
    if (trial.correct.size() != shares.size()) return {};
    for (std::size_t i = 0; i < shares.size(); ++i)
      shares[i] += trial.correct[i] / static_cast<double>(run.trials.size());
  }
  return shares;
}

void compare_with_best(const RunRecord& best, const RunRecord& run, RunSummary& summary) {
  const std::vector<double> ahead = right_shares(best), behind = right_shares(run);
  if (ahead.empty() || ahead.size() != behind.size()) return;
  std::vector<double> differences;
  for (std::size_t i = 0; i < ahead.size(); ++i) differences.push_back(ahead[i] - behind[i]);
  summary.behind_best = spread_of(differences).mean;
  summary.behind_best_interval = bootstrap_mean(differences, kSeed);
}

}  // namespace

Spread spread_of(std::span<const double> values) {
  Spread spread;
  const auto count = static_cast<double>(values.size());
  for (const double value : values) spread.mean += value / count;
  if (values.size() < 2) return spread;
  for (const double value : values) spread.sd += (value - spread.mean) * (value - spread.mean);
  spread.sd = std::sqrt(spread.sd / (count - 1));
  return spread;
}

bool has_several_seeds(const Comparison& comparison) {
  return std::any_of(comparison.runs.begin(), comparison.runs.end(),
                     [](const RunRecord& run) { return run.trials.size() > 1; });
}

std::size_t best_run(std::span<const RunSummary> runs) {
  const auto best = std::max_element(runs.begin(), runs.end(), [](const RunSummary& a, const RunSummary& b) {
    return a.accuracy.mean < b.accuracy.mean;
  });
  return static_cast<std::size_t>(best - runs.begin());
}

std::vector<RunSummary> summarize(const Comparison& comparison) {
  std::vector<RunSummary> runs;
  for (const RunRecord& run : comparison.runs) runs.push_back(summarize(run));
  if (runs.empty()) return runs;
  const RunRecord& best = comparison.runs[best_run(runs)];
  for (std::size_t i = 0; i < runs.size(); ++i) compare_with_best(best, comparison.runs[i], runs[i]);
  return runs;
}

}  // namespace incipit
