#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace incipit {

/// Cuts lengths until they sum to at most `room` (>= 0): always one from the longest, of equals from the one
/// that was longer at first, then the later. For two texts that is longest_first of the Rust crate
/// tokenizers.
std::vector<std::int64_t> cut_longest_first(std::span<const std::int64_t> lengths, std::int64_t room);

}  // namespace incipit
