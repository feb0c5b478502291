#include "prompt/truncation.h"

#include <algorithm>
#include <numeric>

namespace incipit {

std::vector<std::int64_t> cut_longest_first(std::span<const std::int64_t> lengths, std::int64_t room) {
  std::vector<std::int64_t> kept(lengths.begin(), lengths.end());
  if (std::accumulate(kept.begin(), kept.end(), std::int64_t{0}) <= room) return kept;
  // From the shortest on: each gets all it has, or an equal share of what is left.
  std::vector<std::size_t> order(kept.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return kept[a] < kept[b]; });
  std::int64_t left = room;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::int64_t share = left / static_cast<std::int64_t>(order.size() - i);
    std::int64_t& length = kept[order[i]];
    length = std::min(length, share);
    left -= length;
  }
  return kept;
}

}  // namespace incipit
