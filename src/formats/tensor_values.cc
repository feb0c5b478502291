#include "formats/tensor_values.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>

#include <fmt/ranges.h>

#include "base/parallel.h"
#include "formats/strict_json.h"

namespace incipit {
namespace {

/// One pass of integer operations, which vectorises: the exponent is all ones in every NaN and infinity and
/// nowhere else.
bool all_finite(std::span<const float> values) {
  constexpr std::uint32_t kExponent = 0x7f800000u;
  std::uint32_t found = 0;
  for (const float value : values)
    found |= static_cast<std::uint32_t>((std::bit_cast<std::uint32_t>(value) & kExponent) == kExponent);
  return found == 0;
}

/// Converts and checks in blocks that stay in the first-level cache between the two.
bool convert_finite(const StoredTensor& tensor, std::span<float> destination) {
  constexpr std::int64_t kBlock = 4096;  // 16 KB of floats
  constexpr std::int64_t kGrain = 64 * kBlock;
  std::atomic<bool> finite = true;
  const auto count = static_cast<std::int64_t>(destination.size());
  const auto element = static_cast<std::int64_t>(size_of(tensor.dtype));
  parallel_for(count, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t at = begin; at < end; at += kBlock) {
      const std::span<float> block = destination.subspan(
          static_cast<std::size_t>(at), static_cast<std::size_t>(std::min(kBlock, end - at)));
      convert_to_f32(tensor.dtype, tensor.bytes.data() + at * element, block);
      if (!all_finite(block)) finite.store(false, std::memory_order_relaxed);
    }
  });
  return finite;
}

}  // namespace

std::string shape_text(std::span<const std::int64_t> shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

Result<Matrix> read_values(const StoredTensor& tensor, std::int64_t rows, std::int64_t cols,
                           const std::filesystem::path& file) {
  if (!is_floating(tensor.dtype))
    return fail("{}: tensor {} is {}, a floating type is needed", file.string(), quote_text(tensor.name),
                name_of(tensor.dtype));
  Matrix values;
  values.resize(rows, cols);
  if (!convert_finite(tensor, values.values())) {
    const std::span<const float> all = values.values();
    const auto bad = std::find_if(all.begin(), all.end(), [](float value) { return !std::isfinite(value); });
    return fail("{}: tensor {} holds {} at element {}, finite numbers are needed", file.string(),
                quote_text(tensor.name), *bad, bad - all.begin());
  }
  return values;
}

}  // namespace incipit
