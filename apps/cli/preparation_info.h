#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "incipit/dataset.h"

namespace incipit::cli {

/// "movie-review-index0, without 'the'".
std::string preparation_text(const Preparation& preparation);

/// What a preparation made of a data set, for people and as JSON: the longest text before its cut, the
/// vocabulary, the batches of an epoch.
std::string prepared_text(const Dataset& data);
nlohmann::ordered_json prepared_json(const Dataset& data);

}  // namespace incipit::cli
