#include "infer/micro_batches.h"

#include <algorithm>
#include <numeric>

namespace incipit {

std::vector<IndexRange> split_by_size(std::span<const std::int64_t> sizes, std::int64_t max_size) {
  const std::int64_t total = std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0});
  const std::int64_t pieces = std::max<std::int64_t>(1, (total + max_size - 1) / max_size);
  const std::int64_t target = (total + pieces - 1) / pieces;  // equal parts: a small rest would run slowly
  std::vector<IndexRange> ranges;
  std::int64_t size = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const bool full = size >= target || size + sizes[i] > max_size;
    if (ranges.empty() || full) {
      ranges.push_back({i, i});
      size = 0;
    }
    ranges.back().end = i + 1;
    size += sizes[i];
  }
  return ranges;
}

}  // namespace incipit
