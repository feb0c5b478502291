#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "incipit/result.h"

namespace incipit {

/// The whole of a regular file. Fails, naming the path, when it is missing, a directory, unreadable, or
/// larger than `max_bytes`.
Result<std::string> read_file(const std::filesystem::path& path, std::uint64_t max_bytes = UINT64_MAX);

/// A read-only memory map of a regular file; movable, unmapped on destruction.
class MappedFile {
 public:
  static Result<MappedFile> open(const std::filesystem::path& path);

  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  /// Valid while this object lives.
  std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  MappedFile(const std::byte* data, std::size_t size) : data_(data), size_(size) {}

  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Tells the system that these bytes of a mapped file are not needed soon, so that they take no memory of the
/// process; they are read again where somebody touches them.
void release_pages(std::span<const std::byte> mapped);

/// Writes a sibling temporary file and renames it over `path`, so that readers see the old file or the whole
/// new one. Missing parent folders are made.
Status write_file(const std::filesystem::path& path, std::string_view content);

/// A folder filled beside its destination and renamed into place by commit(); removed if never committed.
class StagedFolder {
 public:
  static Result<StagedFolder> create(const std::filesystem::path& destination);

  StagedFolder(StagedFolder&& other) noexcept;
  StagedFolder& operator=(StagedFolder&&) = delete;
  ~StagedFolder();

  const std::filesystem::path& path() const { return staging_; }

  /// Moves the staged files into the destination, each by one rename; files already there under other names
  /// stay.
  Status commit();

 private:
  StagedFolder(std::filesystem::path staging, std::filesystem::path destination)
      : staging_(std::move(staging)), destination_(std::move(destination)) {}

  std::filesystem::path staging_;
  std::filesystem::path destination_;
};

}  // namespace incipit
