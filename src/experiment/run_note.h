#pragma once

#include <optional>
#include <span>
#include <string>

#include "experiment/trial.h"

namespace incipit {

/// What a reader of a run's figures must know: the author's note, then what the figures themselves say.
std::string run_note(const ExperimentRun& run, std::span<const MeasuredTrial> trials);

}  // namespace incipit
