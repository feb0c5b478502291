#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "incipit/dataset.h"

namespace incipit {

/// Of data that brings no splits: 80, 10 and 10 %.
enum class Part { train, validation, test };

/// By a split's name, "validation" also as dev, valid or val.
std::optional<Part> part_by_name(std::string_view name);

/// The part that an example stands in: by a hash of its texts alone and the seed, so that equal texts stand
/// together.
Part part_of(const Example& example, std::uint64_t seed);

}  // namespace incipit
