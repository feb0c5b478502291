#pragma once

#include <cstdint>
#include <vector>

#include "incipit/metrics.h"

namespace incipit {

/// The 95 % interval of a proportion (Wilson 1927); [0, 0] where `count` is 0.
Interval wilson_interval(std::int64_t successes, std::int64_t count);

/// The 97.5th percentile of Student's t of so many degrees of freedom, which need not be whole; less than 1
/// count as 1.
double student_t(double degrees);

/// The value below which `fraction` of some sorted values lie, interpolated linearly as numpy does; at least
/// one value.
double percentile(const std::vector<double>& sorted, double fraction);

/// The 2.5th and 97.5th percentile of some values; at least one value.
Interval percentile_interval(std::vector<double> values);

}  // namespace incipit
