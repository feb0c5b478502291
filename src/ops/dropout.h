#pragma once

#include <cstdint>
#include <span>

namespace incipit {

/// Multiplies each value of a row by 0 (probability `rate`) or 1 / (1 - rate), by the row's key and the
/// value's place alone: calling it on the gradient with the same key is its own backward. rows: [keys.size(),
/// width], contiguous; destination may be source.
void dropout_rows(const float* source, std::span<const std::uint64_t> keys, std::int64_t width, float rate,
                  float* destination);

}  // namespace incipit
