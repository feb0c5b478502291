#pragma once

#include "incipit/experiment.h"

namespace incipit {

/// Whether the runs are complete and can be compared: the same labels, the same test examples.
Status check_experiment(const Experiment& experiment);

}  // namespace incipit
