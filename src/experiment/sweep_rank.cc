#include "experiment/sweep_rank.h"

#include <algorithm>
#include <cmath>

#include "eval/bootstrap.h"
#include "eval/interval.h"
#include "experiment/run_summary.h"

namespace incipit {
namespace {

constexpr std::uint64_t kBootstrapSeed = 0;

double metric_of(const TrialRecord& trial, const std::string& metric) {
  return metric_by_name(trial.test, metric).value_or(0);  // more is better
}

/// What is known of a setting's metric.
struct Evidence {
  Spread over_seeds;  // more is better
  std::size_t seeds = 0;
  std::vector<double> over_texts;  // [resamples] mean over seeds; empty where labels alone don't tell
};

Evidence evidence_of(const RunRecord& run, int num_labels, const std::string& metric,
                     std::span<const int> truth) {
  Evidence evidence;
  std::vector<double> values;
  for (const TrialRecord& trial : run.trials) values.push_back(metric_of(trial, metric));
  evidence.over_seeds = spread_of(values);
  evidence.seeds = values.size();
  for (const TrialRecord& trial : run.trials) {
    if (trial.predicted.size() != truth.size()) return evidence;
    const std::vector<double> draws =
        bootstrap_metric(truth, trial.predicted, num_labels, metric, kBootstrapSeed);
    evidence.over_texts.resize(draws.size());
    for (std::size_t i = 0; i < draws.size(); ++i)
      evidence.over_texts[i] += draws[i] / static_cast<double>(run.trials.size());
  }
  return evidence;
}

/// Half of the 95 % interval of a difference of means over other seeds (Welch 1947).
double half_over_seeds(const Evidence& a, const Evidence& b) {
  const auto variance = [](const Evidence& evidence) {
    return evidence.over_seeds.sd * evidence.over_seeds.sd / static_cast<double>(evidence.seeds);
  };
  const double va = variance(a), vb = variance(b), sum = va + vb;
  if (sum == 0) return 0;
  const double degrees =
      sum * sum / (va * va / static_cast<double>(a.seeds - 1) + vb * vb / static_cast<double>(b.seeds - 1));
  return student_t(degrees) * std::sqrt(sum);
}

/// The same over other texts, which both settings answer.
double half_over_texts(const Evidence& a, const Evidence& b) {
  std::vector<double> differences;
  for (std::size_t i = 0; i < a.over_texts.size(); ++i)
    differences.push_back(a.over_texts[i] - b.over_texts[i]);
  constexpr double kZ = 1.959963984540054;  // of the normal distribution's middle 95 %
  return kZ * spread_of(differences).sd;
}

void compare_with_best(const Evidence& best, const Evidence& other, RankedSetting& setting) {
  setting.behind_best = best.over_seeds.mean - other.over_seeds.mean;
  const bool know_texts = !best.over_texts.empty() && best.over_texts.size() == other.over_texts.size();
  const bool know_seeds = best.seeds > 1 && other.seeds > 1;
  if (!know_texts && !know_seeds) return;
  const double half = std::hypot(know_texts ? half_over_texts(best, other) : 0,
                                 know_seeds ? half_over_seeds(best, other) : 0);
  setting.behind_best_interval = Interval{setting.behind_best - half, setting.behind_best + half};
  setting.is_clearly_behind = setting.behind_best_interval->low > 0;
}

RankedSetting setting_of(const RunRecord& run, std::size_t index, const std::string& metric,
                         std::size_t seeds) {
  RankedSetting setting;
  setting.run = index;
  setting.complete = run.trials.size() == seeds;
  for (std::size_t t = 0; t < run.trials.size(); ++t) {
    setting.train_seconds += run.trials[t].train_seconds / static_cast<double>(run.trials.size());
    if (metric_of(run.trials[t], metric) > metric_of(run.trials[setting.best_trial], metric))
      setting.best_trial = t;
  }
  return setting;
}

}  // namespace

std::vector<RankedSetting> rank_settings(const Comparison& comparison, const std::string& metric,
                                         std::span<const int> truth, std::size_t seeds) {
  std::vector<RankedSetting> settings;
  std::vector<Evidence> evidence;
  for (const RunRecord& run : comparison.runs) {
    evidence.push_back(evidence_of(run, static_cast<int>(comparison.labels.size()), metric, truth));
    RankedSetting& setting = settings.emplace_back(setting_of(run, settings.size(), metric, seeds));
    setting.mean = evidence.back().over_seeds.mean;
    setting.sd = evidence.back().over_seeds.sd;
  }
  std::stable_sort(settings.begin(), settings.end(), [](const RankedSetting& a, const RankedSetting& b) {
    return a.complete != b.complete ? a.complete : a.mean > b.mean;
  });
  for (std::size_t i = 0; i < settings.size(); ++i) {
    if (i > 0 && settings.front().complete)
      compare_with_best(evidence[settings.front().run], evidence[settings[i].run], settings[i]);
    if (metric == "loss") settings[i].mean = -settings[i].mean;
  }
  return settings;
}

}  // namespace incipit
