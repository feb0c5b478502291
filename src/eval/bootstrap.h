#pragma once

#include <cstdint>
#include <span>

#include "incipit/metrics.h"

namespace incipit {

/// The 95 % percentile interval of main_f1 over 1,000 resamples of the examples. The same seed gives the same
/// interval whatever the number of threads. `labels` and `predictions` are of one length, all in [0,
/// num_labels).
Interval bootstrap_f1(std::span<const int> labels, std::span<const int> predictions, int num_labels,
                      std::uint64_t seed);

}  // namespace incipit
