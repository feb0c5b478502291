#include "formats/tensor_values.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <utility>

#include <fmt/ranges.h>

#include "base/parallel.h"
#include "formats/strict_json.h"
#include "tensor/transpose.h"

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

/// Converts the elements from `at` on; where they are packed in blocks, `at` begins one.
void decode(const StoredTensor& tensor, std::int64_t at, std::span<float> destination) {
  if (const BlockFormat* format = tensor.blocks) {
    const auto count = static_cast<std::int64_t>(destination.size()) / format->weights;
    const auto first = static_cast<std::size_t>(at / format->weights);
    format->dequantize(tensor.bytes.data() + first * format->bytes, count, destination.data());
    return;
  }
  const auto first = static_cast<std::size_t>(at);
  convert_to_f32(tensor.dtype, tensor.bytes.data() + first * size_of(tensor.dtype), destination);
}

/// Converts and checks in chunks that stay in the first-level cache between the two.
bool convert_finite(const StoredTensor& tensor, std::span<float> destination) {
  constexpr std::int64_t kChunk = 4096;  // 16 KB of floats; a multiple of every block's weights
  constexpr std::int64_t kGrain = 64;
  std::atomic<bool> finite = true;
  const auto count = static_cast<std::int64_t>(destination.size());
  parallel_for((count + kChunk - 1) / kChunk, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t chunk = begin; chunk < end; ++chunk) {
      const std::int64_t at = chunk * kChunk;
      const std::span<float> part = destination.subspan(
          static_cast<std::size_t>(at), static_cast<std::size_t>(std::min(kChunk, count - at)));
      decode(tensor, at, part);
      if (!all_finite(part)) finite.store(false, std::memory_order_relaxed);
    }
  });
  return finite;
}

/// Rows 2i and 2i + 1 of each head become its rows i and i + head_dim / 2: what llama.cpp's converter did for
/// its rotary embedding of neighbouring pairs, undone for transformers' rotation of halves.
Matrix separate_pairs(const Matrix& stored, std::int64_t rows, std::int64_t heads) {
  Matrix result;
  result.resize(stored.rows(), stored.cols());
  const std::int64_t size = stored.size() / rows;  // of a row; a bias is rows of one
  const std::int64_t half = rows / heads / 2;
  for (std::int64_t head = 0; head < heads; ++head) {
    for (std::int64_t i = 0; i < 2 * half; ++i) {
      const std::int64_t from = head * 2 * half + i, to = head * 2 * half + i % 2 * half + i / 2;
      std::copy_n(stored.data() + from * size, size, result.data() + to * size);
    }
  }
  return result;
}

}  // namespace

std::string shape_text(std::span<const std::int64_t> shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

Result<Matrix> read_values(const StoredTensor& tensor, std::int64_t rows, std::int64_t cols,
                           const std::filesystem::path& file) {
  if (tensor.blocks == nullptr && !is_floating(tensor.dtype))
    return fail("{}: tensor {} is {}, a floating type is needed", file.string(), quote_text(tensor.name),
                name_of(tensor.dtype));
  Matrix values;
  values.resize(tensor.transposed ? cols : rows, tensor.transposed ? rows : cols);
  if (!convert_finite(tensor, values.values())) {
    const std::span<const float> all = values.values();
    const auto bad = std::find_if(all.begin(), all.end(), [](float value) { return !std::isfinite(value); });
    return fail("{}: tensor {} holds {} at element {}, finite numbers are needed", file.string(),
                quote_text(tensor.name), *bad, bad - all.begin());
  }
  if (tensor.paired_heads > 0) return separate_pairs(values, tensor.shape.front(), tensor.paired_heads);
  return tensor.transposed ? transposed(values) : std::move(values);
}

}  // namespace incipit
