#pragma once

#include <span>

#include "experiment/page/html.h"
#include "experiment/run_summary.h"

namespace incipit {

/// The anchor of a run's section.
std::string run_anchor(std::size_t run);

/// The first section: bars and the table of all runs with their notes.
Markup summary_view(const Comparison& comparison, std::span<const RunSummary> summaries);

}  // namespace incipit
