#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "incipit/result.h"

#include "base/file.h"

namespace incipit {

/// Arrays one after another in a file, as one run made them and later ones map them. A key says what they are
/// of; a reader with another key gets nothing. Little-endian, as the machine that wrote them.
class ArrayFileWriter {
 public:
  /// Begins a file beside `path`, which takes its name when it is whole.
  static Result<ArrayFileWriter> create(const std::filesystem::path& path, std::string_view key);

  ArrayFileWriter(ArrayFileWriter&& other) noexcept;
  ArrayFileWriter& operator=(ArrayFileWriter&&) = delete;
  ~ArrayFileWriter();

  /// A failure is kept for commit().
  void append(std::span<const std::byte> array);
  Status commit();

 private:
  ArrayFileWriter(std::filesystem::path partial, std::filesystem::path path, int descriptor)
      : partial_(std::move(partial)), path_(std::move(path)), descriptor_(descriptor) {}

  void write(std::span<const std::byte> bytes);
  void pad();

  std::filesystem::path partial_, path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
  Status written_;
};

class ArrayFileReader {
 public:
  /// Fails where there is no such file, or one of another key, or not a whole one.
  static Result<ArrayFileReader> open(const std::filesystem::path& path, std::string_view key);

  /// The next array, which stands at a multiple of 64 bytes and keeps the file mapped. Fails where it has
  /// another size, or there is none.
  Result<std::shared_ptr<const std::byte>> take(std::size_t size);

 private:
  explicit ArrayFileReader(std::shared_ptr<const MappedFile> file, std::filesystem::path path, std::size_t at)
      : file_(std::move(file)), path_(std::move(path)), at_(at) {}

  std::shared_ptr<const MappedFile> file_;
  std::filesystem::path path_;
  std::size_t at_;
};

}  // namespace incipit
