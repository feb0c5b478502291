#pragma once

#include <optional>

#include "incipit/experiment.h"

namespace incipit {

/// The look into a trained prompt that goes into a trial's record; none for a head alone. A failure is a
/// warning: the trial counts without it.
std::optional<PromptInspection> look_at_prompt(const Model& model, const Adapter& adapter,
                                               const ExperimentRun& run, TrainObserver& observer);

}  // namespace incipit
