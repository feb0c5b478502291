#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "incipit/result.h"

#include "formats/gguf.h"

namespace incipit {

/// Bytes of a value of a fixed size; 0 for texts and arrays.
std::size_t gguf_size_of(GgufValueType type);

/// Reads a GGUF file from front to back; `of` names what is being read, for messages.
class GgufCursor {
 public:
  GgufCursor(std::span<const std::byte> bytes, const std::filesystem::path& file)
      : bytes_(bytes), file_(file) {}

  std::size_t position() const { return position_; }
  std::size_t remaining() const { return bytes_.size() - position_; }

  Result<std::span<const std::byte>> take(std::uint64_t size, std::string_view of);
  Result<std::uint32_t> u32(std::string_view of);
  Result<std::uint64_t> u64(std::string_view of);
  /// A length and as many bytes.
  Result<std::string_view> text(std::string_view of);
  Result<GgufValueType> value_type(std::string_view of);
  Result<GgufValue> value(GgufValueType type, std::string_view of);
  /// A number of things that take at least `least_bytes` each, so that no more can be left in the file.
  Result<std::uint64_t> count(std::uint64_t least_bytes, std::string_view of);

 private:
  Result<GgufArray> array(std::string_view of, int depth);
  Status skip_elements(GgufArray& array, std::string_view of, int depth);

  std::span<const std::byte> bytes_;
  const std::filesystem::path& file_;
  std::size_t position_ = 0;
};

}  // namespace incipit
