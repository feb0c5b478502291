#pragma once

#include <span>

#include "experiment/page/html.h"
#include "experiment/run_summary.h"

namespace incipit {

/// A bar a run: mean accuracy, its 95 % interval, a dot a seed, and the majority line through all of them.
Markup accuracy_chart(const Comparison& comparison, std::span<const RunSummary> summaries);

}  // namespace incipit
