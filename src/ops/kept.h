#pragma once

#include <cstdint>

namespace incipit {

/// Where numbers are kept that the backward pass will need: in f32 or rounded to bf16. One of the two is not
/// null, or neither where nothing is kept.
struct Kept {
  Kept(float* exact = nullptr, std::uint16_t* rounded = nullptr)  // NOLINT: implicit
      : floats(exact), halves(rounded) {}

  /// From a number on.
  Kept from(std::int64_t offset) const {
    return {floats == nullptr ? nullptr : floats + offset, halves == nullptr ? nullptr : halves + offset};
  }

  float* floats;
  std::uint16_t* halves;
};

/// The same, to be read; never neither.
struct ConstKept {
  ConstKept(const float* exact, const std::uint16_t* rounded = nullptr)  // NOLINT: implicit
      : floats(exact), halves(rounded) {}

  ConstKept from(std::int64_t offset) const {
    return {floats == nullptr ? nullptr : floats + offset, halves == nullptr ? nullptr : halves + offset};
  }

  const float* floats;
  const std::uint16_t* halves;
};

}  // namespace incipit
