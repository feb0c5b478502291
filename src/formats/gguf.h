#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "incipit/result.h"

#include "base/file.h"
#include "formats/ggml_type.h"

namespace incipit {

/// Types of metadata values, numbered as in the file.
enum class GgufValueType : std::uint32_t {
  u8,
  i8,
  u16,
  i16,
  u32,
  i32,
  f32,
  boolean,
  text,
  array,
  u64,
  i64,
  f64
};

/// An array of metadata, checked to lie inside the file, not yet unpacked. Does not own.
struct GgufArray {
  GgufValueType type = GgufValueType::u8;  // of its elements
  std::uint64_t count = 0;
  std::span<const std::byte> bytes;
};

/// A value of metadata; texts and arrays point into the file. Texts are not yet known to be UTF-8.
using GgufValue = std::variant<bool, std::uint64_t, std::int64_t, double, std::string_view, GgufArray>;

struct GgufTensor {
  std::string name;
  const GgmlType* type = nullptr;
  std::vector<std::int64_t> shape;   // outermost first, as everywhere here; the file has it reversed
  std::span<const std::byte> bytes;  // rows of blocks along the last dimension
};

struct GgufContents {
  std::map<std::string, GgufValue, std::less<>> metadata;
  std::vector<GgufTensor> tensors;  // in the file's order
};

/// Reads a GGUF file held at `bytes`, into which the result points: version 2 or 3, little-endian. Every
/// count, length and offset is held against the file's size before it is used; tensors must follow each other
/// without overlap or hole beyond the alignment's, to the file's end, as ggml's own reader demands. `file` is
/// for messages.
Result<GgufContents> parse_gguf(std::span<const std::byte> bytes, const std::filesystem::path& file);

/// A GGUF file, memory-mapped, and its metadata by key.
class GgufFile {
 public:
  static Result<GgufFile> open(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  const std::vector<GgufTensor>& tensors() const { return contents_.tensors; }
  const GgufTensor* find_tensor(std::string_view name) const;

  // Metadata. A key that is absent gives nothing; one of another type fails, naming file and key.
  bool has(std::string_view key) const { return contents_.metadata.contains(key); }
  Result<std::optional<std::string>> text(std::string_view key) const;
  Result<std::optional<bool>> boolean(std::string_view key) const;
  /// An integer of any width that is in [low, high].
  Result<std::optional<std::int64_t>> integer(std::string_view key, std::int64_t low,
                                              std::int64_t high) const;
  /// A finite number.
  Result<std::optional<double>> number(std::string_view key) const;
  /// An array of texts, which point into the file.
  Result<std::optional<std::vector<std::string_view>>> texts(std::string_view key) const;
  /// An array of integers.
  Result<std::optional<std::vector<std::int64_t>>> integers(std::string_view key) const;

 private:
  GgufFile(std::filesystem::path path, MappedFile map, GgufContents contents)
      : path_(std::move(path)), map_(std::move(map)), contents_(std::move(contents)) {}
  const GgufValue* find(std::string_view key) const;
  tl::unexpected<Error> wrong_type(std::string_view key, std::string_view needed) const;

  std::filesystem::path path_;
  MappedFile map_;
  GgufContents contents_;
};

/// The GGUF file that `path` means: itself where its name ends with .gguf, or the only one of a folder that
/// has no config.json (with one it is a Hugging Face folder). Nothing where it means none; fails naming both
/// where a folder has two.
Result<std::optional<std::filesystem::path>> find_gguf(const std::filesystem::path& path);

}  // namespace incipit
