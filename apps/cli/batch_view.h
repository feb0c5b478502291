#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "incipit/dataset.h"

namespace incipit::cli {

/// The ids of a batch as NumPy would print the padded matrix, line by line: the shape it would have, the
/// first and last rows and columns; "-" where padding would stand, which we never make.
std::vector<std::string> first_batch_view(const std::vector<std::vector<std::int32_t>>& ids);

/// An example as a line of JSON, long texts cut.
std::string example_view(const Example& example, const std::vector<std::string>& labels);

}  // namespace incipit::cli
