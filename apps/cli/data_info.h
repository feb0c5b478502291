#pragma once

#include <string>

#include "incipit/dataset.h"

namespace incipit::cli {

/// What `incipit info` says of a data set, for people and as a JSON object.
std::string data_text(const Dataset& data);
std::string data_json(const Dataset& data);

}  // namespace incipit::cli
