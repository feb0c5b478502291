#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace incipit {

/// Splits items, in order, into runs [begin, end) of about equal sums of `sizes`, none above `max_size`
/// unless a single item is.
struct IndexRange {
  std::size_t begin = 0;
  std::size_t end = 0;
};
std::vector<IndexRange> split_by_size(std::span<const std::int64_t> sizes, std::int64_t max_size);

}  // namespace incipit
