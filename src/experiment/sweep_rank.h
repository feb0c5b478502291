#pragma once

#include <span>
#include <string>
#include <vector>

#include "incipit/sweep.h"

namespace incipit {

/// The runs of a comparison, best first; see SweepResult::settings. RankedSetting::grid is left empty.
/// truth: [examples] their true labels. seeds: how many each run was to have.
std::vector<RankedSetting> rank_settings(const Comparison& comparison, const std::string& metric,
                                         std::span<const int> truth, std::size_t seeds);

}  // namespace incipit
