#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "incipit/metrics.h"

namespace incipit {

/// The 95 % percentile interval of main_f1 over 1,000 resamples of the examples. The same seed gives the same
/// interval whatever the number of threads. `labels` and `predictions` are of one length, all in [0,
/// num_labels).
Interval bootstrap_f1(std::span<const int> labels, std::span<const int> predictions, int num_labels,
                      std::uint64_t seed);

/// A metric that follows from labels alone (accuracy, f1, f1_micro, f1_macro, matthews), on each of 1,000
/// resamples of the examples; empty for any other. Equal seeds and numbers of examples draw equal resamples,
/// so that differences between two sets of predictions are paired.
std::vector<double> bootstrap_metric(std::span<const int> labels, std::span<const int> predictions,
                                     int num_labels, std::string_view metric, std::uint64_t seed);

/// The same for the mean of some values, such as the differences of two classifiers on each example. No
/// values: [0, 0].
Interval bootstrap_mean(std::span<const double> values, std::uint64_t seed);

}  // namespace incipit
