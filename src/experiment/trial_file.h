#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "experiment/trial.h"

namespace incipit {

/// A finished trial as JSON, and back; none where the text is not of this version's form.
std::string trial_to_json(const MeasuredTrial& trial);
std::optional<MeasuredTrial> trial_from_json(std::string_view text);

}  // namespace incipit
