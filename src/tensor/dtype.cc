#include "tensor/dtype.h"

#include <cstring>

namespace incipit {
namespace {

template <typename Stored, typename Convert>
void convert_each(const std::byte* source, std::span<float> destination, Convert convert) {
  for (std::size_t i = 0; i < destination.size(); ++i) {
    Stored value;
    std::memcpy(&value, source + i * sizeof(Stored), sizeof(Stored));
    destination[i] = convert(value);
  }
}

}  // namespace

std::size_t size_of(DType dtype) {
  switch (dtype) {
    case DType::f64:
    case DType::i64:
      return 8;
    case DType::f32:
    case DType::i32:
      return 4;
    case DType::f16:
    case DType::bf16:
    case DType::i16:
      return 2;
    case DType::i8:
    case DType::u8:
    case DType::boolean:
      return 1;
  }
  return 0;
}

std::string_view name_of(DType dtype) {
  switch (dtype) {
    case DType::f64:
      return "f64";
    case DType::f32:
      return "f32";
    case DType::f16:
      return "f16";
    case DType::bf16:
      return "bf16";
    case DType::i64:
      return "i64";
    case DType::i32:
      return "i32";
    case DType::i16:
      return "i16";
    case DType::i8:
      return "i8";
    case DType::u8:
      return "u8";
    case DType::boolean:
      return "bool";
  }
  return "?";
}

bool is_floating(DType dtype) {
  return dtype == DType::f64 || dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16;
}

float f16_to_f32(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1fu;
  const std::uint32_t mantissa = bits & 0x3ffu;
  if (exponent == 0) {  // zero or subnormal: mantissa * 2^-24
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
    return sign != 0 ? -magnitude : magnitude;
  }
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000u | (mantissa << 13));
  return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (mantissa << 13));
}

void convert_to_f32(DType dtype, const std::byte* source, std::span<float> destination) {
  switch (dtype) {
    case DType::f32:
      std::memcpy(destination.data(), source, destination.size_bytes());
      return;
    case DType::f16:
      convert_each<std::uint16_t>(source, destination, f16_to_f32);
      return;
    case DType::bf16:
      convert_each<std::uint16_t>(source, destination, bf16_to_f32);
      return;
    case DType::f64:
      convert_each<double>(source, destination, [](double value) { return static_cast<float>(value); });
      return;
    default:
      return;
  }
}

}  // namespace incipit
