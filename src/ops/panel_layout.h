#pragma once

#include <algorithm>
#include <cstdint>

namespace incipit {

/// Where a weight [out, in] stands in memory: blocks of `depth` inputs; in each, panels of `width` outputs;
/// in each, for every `group` inputs a row of `width` outputs; of each output these inputs side by side, 32
/// bits. Zeros stand in place of inputs and outputs beyond the last.
struct PanelLayout {
  std::int64_t in = 0;
  std::int64_t out = 0;
  std::int64_t group = 1;  // numbers in 32 bits
  std::int64_t width = 0;  // a multiple of 4 * group
  std::int64_t depth = 0;  // a multiple of width

  std::int64_t padded_in() const { return (in + group - 1) / group * group; }
  std::int64_t padded_out() const { return (out + width - 1) / width * width; }
  /// In words of 32 bits, as offset().
  std::int64_t size() const {
    const std::int64_t blocks = (padded_in() + depth - 1) / depth;
    return padded_in() / group * padded_out() + blocks * panels() * kGap;
  }
  /// Of the row that starts with `input`, a multiple of group, in the panel that starts with `output`.
  std::int64_t offset(std::int64_t input, std::int64_t output) const {
    const std::int64_t first = input / depth * depth, block_depth = std::min(depth, padded_in() - first);
    const std::int64_t block = first / group * padded_out() + first / depth * panels() * kGap;
    return block + output / width * (block_depth / group * width + kGap) + (input - first) / group * width;
  }

 private:
  /// Behind a panel: keeps the same inputs of panels side by side out of each other's cache sets.
  static constexpr std::int64_t kGap = 128;
  std::int64_t panels() const { return padded_out() / width; }
};

}  // namespace incipit
