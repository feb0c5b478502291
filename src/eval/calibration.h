#pragma once

#include <span>

namespace incipit {

/// The expected calibration error (Guo et al. 2017): over 15 equal bins (i/15, (i+1)/15] of confidence, the
/// mean distance of accuracy and confidence, weighted by the bins' sizes. Confidences are in [0, 1]; others
/// are left out.
double calibration_error(std::span<const float> confidences, std::span<const char> correct);

/// -log(p), p kept within float's epsilon of [0, 1] as scikit-learn's log_loss does, so that one sure error
/// does not make the mean infinite.
double log_loss(float probability);

}  // namespace incipit
