#pragma once

#include <cstdint>
#include <span>

#include "incipit/comparison.h"

namespace incipit {

/// A figure over seeds.
struct Spread {
  double mean = 0;
  double sd = 0;  // of a sample; 0 for one value
};

Spread spread_of(std::span<const double> values);  // at least one

/// What one line of the comparison's table says.
struct RunSummary {
  Spread accuracy, f1, train_seconds;
  /// 95 % of the accuracy, over draws of as many test texts: of one seed as measured (Wilson), of several
  /// Wilson's at their mean, as if of one seed. So more seeds never make few test texts look like many.
  Interval accuracy_interval;
  std::int64_t peak_bytes = 0;  // the largest
  /// How much accuracy lies between this run and the best, and its 95 % interval, over draws of test texts
  /// that both runs answer (paired bootstrap, each text's mean over seeds).
  double behind_best = 0;
  Interval behind_best_interval;

  /// Whether the test texts are enough to tell it from the best.
  bool clearly_behind() const { return behind_best_interval.low > 0; }
};

/// One a run, in their order. No runs: none.
std::vector<RunSummary> summarize(const Comparison& comparison);

/// Whether any run has more than one trial.
bool has_several_seeds(const Comparison& comparison);

/// The run of the best mean accuracy, the first of equals; at least one run.
std::size_t best_run(std::span<const RunSummary> runs);

}  // namespace incipit
