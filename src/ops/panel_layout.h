#pragma once

#include <algorithm>
#include <cstdint>

namespace incipit {

/// Where a weight [out, in] stands in memory: blocks of `depth` inputs; in each, panels of `width` outputs;
/// in each, a row of `width` numbers an input. The last block has the inputs that are left, the last panel
/// zeros in place of outputs that are not.
struct PanelLayout {
  std::int64_t in = 0;
  std::int64_t out = 0;
  std::int64_t width = 0;
  std::int64_t depth = 0;  // a multiple of width

  std::int64_t padded_out() const { return (out + width - 1) / width * width; }
  std::int64_t size() const { return in * padded_out(); }
  /// Of the number of `input` and the first output of the panel that `output` begins.
  std::int64_t offset(std::int64_t input, std::int64_t output) const {
    const std::int64_t first = input / depth * depth, block_depth = std::min(depth, in - first);
    return first * padded_out() + output * block_depth + (input - first) * width;
  }
};

}  // namespace incipit
