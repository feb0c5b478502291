#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "incipit/comparison.h"

#include "eval/interval.h"

namespace incipit {

/// A trial that answers `right` of 100 texts rightly, the first ones.
inline TrialRecord trial_of(std::uint64_t seed, std::int64_t right) {
  TrialRecord trial;
  trial.seed = seed;
  trial.test.count = 100;
  trial.test.accuracy = static_cast<double>(right) / 100;
  trial.test.accuracy_interval = wilson_interval(right, 100);
  trial.test.f1 = trial.test.accuracy - 0.01;
  trial.correct.assign(100, 0);
  std::fill_n(trial.correct.begin(), right, 1);
  trial.train_seconds = 2;
  trial.peak_bytes = std::int64_t{300} << 20;
  return trial;
}

inline RunRecord run_of(std::string name, std::vector<TrialRecord> trials) {
  RunRecord run;
  run.name = std::move(name);
  run.trainable_parameters = 1'061'890;
  run.trials = std::move(trials);
  return run;
}

inline Comparison comparison_of(std::vector<RunRecord> runs) {
  Comparison comparison;
  comparison.title = "Reviews";
  comparison.data = "reviews.tsv";
  comparison.labels = {"bad", "good"};
  comparison.test_examples = 100;
  comparison.majority_class = 1;
  comparison.majority_accuracy = 0.51;
  comparison.majority_f1 = 0.6755;
  comparison.runs = std::move(runs);
  return comparison;
}

}  // namespace incipit
