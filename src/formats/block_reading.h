#pragma once

#include <cstddef>
#include <cstdint>

#include "tensor/dtype.h"

namespace incipit {

// What the dequantisers read out of a block.

inline unsigned byte_at(const std::byte* block, std::int64_t at) {
  return std::to_integer<unsigned>(block[at]);
}

inline float f16_at(const std::byte* block, std::int64_t at) {
  return f16_to_f32(static_cast<std::uint16_t>(byte_at(block, at) | byte_at(block, at + 1) << 8));
}

inline std::int8_t i8_at(const std::byte* block, std::int64_t at) {
  return static_cast<std::int8_t>(byte_at(block, at));
}

}  // namespace incipit
