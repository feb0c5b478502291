#pragma once

#include <span>
#include <vector>

#include "incipit/predict.h"

namespace incipit {

/// What several predictors of the same labels say together of the same examples: the mean of their
/// probabilities, and its logarithms as logits. Each of `members` is [examples]; there is at least one.
std::vector<Prediction> average_predictions(std::span<const std::vector<Prediction>> members);

}  // namespace incipit
