#pragma once

#include <cstdint>

#include "incipit/adapter.h"
#include "incipit/model.h"
#include "incipit/train.h"

namespace incipit {

/// Sets the start of an adapter's virtual tokens (and, from a saved adapter, of its head) as the options say.
/// Rows that join at a middle layer start from what the words are there: their hidden states.
Status init_prompt(const Model& model, const TrainOptions& options, Adapter& adapter);

}  // namespace incipit
