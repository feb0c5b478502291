#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "incipit/result.h"

#include "formats/tensor_store.h"
#include "tensor/matrix.h"

namespace incipit {

/// a * b, or nothing where it does not fit.
inline std::optional<std::uint64_t> checked_multiply(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

/// "[2, 3]"
std::string shape_text(std::span<const std::int64_t> shape);

/// The elements of a floating or quantised tensor as f32, laid out [rows, cols], whose product is the element
/// count; what a GGUF file did to their order is undone.
/// Fails, naming `file` and the tensor, where it is not floating or holds a NaN or an infinity.
Result<Matrix> read_values(const StoredTensor& tensor, std::int64_t rows, std::int64_t cols,
                           const std::filesystem::path& file);

}  // namespace incipit
