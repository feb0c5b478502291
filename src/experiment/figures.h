#pragma once

#include <cstdint>
#include <string>

#include "experiment/run_summary.h"

namespace incipit {

// How a comparison spells its figures, in the terminal and on the page.

/// "0.8123", or "0.8123 ± 0.0040" of several trials.
std::string spell(const Spread& spread, std::size_t trials);
/// "0.781 to 0.841".
std::string spell(const Interval& interval);
/// In points, how far a run is behind the best: "7.6 (5.1 to 10.2)".
std::string spell_behind(const RunSummary& summary);
/// "1,061,890".
std::string with_commas(std::int64_t number);
/// "0.42", "12.3" or "1234".
std::string spell_seconds(double seconds);
std::string spell_mebibytes(std::int64_t bytes);

/// A class's name; its number where it has none.
std::string label_name(const Comparison& comparison, int label);

}  // namespace incipit
