#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace incipit {

/// Element types of stored tensors. Only the floating ones can be read as f32.
enum class DType { f64, f32, f16, bf16, i64, i32, i16, i8, u8, boolean };

std::size_t size_of(DType dtype);
std::string_view name_of(DType dtype);
bool is_floating(DType dtype);

inline float bf16_to_f32(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}
float f16_to_f32(std::uint16_t bits);

/// Converts `count` little-endian elements of a floating dtype at `source` (any alignment) to f32.
void convert_to_f32(DType dtype, const std::byte* source, std::span<float> destination);

}  // namespace incipit
