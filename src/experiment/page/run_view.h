#pragma once

#include "experiment/page/html.h"
#include "experiment/run_summary.h"

namespace incipit {

/// The section of one run; `open`: the look into its prompt is unfolded.
Markup run_view(const Comparison& comparison, std::size_t run, const RunSummary& summary, bool open);

}  // namespace incipit
