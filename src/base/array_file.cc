#include "base/array_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace incipit {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kAlignment = 64;
constexpr std::array<char, 8> kMagic = {'i', 'n', 'c', 'i', 'a', 'r', 'r', '1'};

/// Stands at the start, then the key. The size is written last.
struct Header {
  std::array<char, 8> magic{};
  std::uint64_t file_size = 0;
  std::uint64_t key_size = 0;
};

std::size_t aligned(std::size_t size) {
  return (size + kAlignment - 1) / kAlignment * kAlignment;
}

std::span<const std::byte> bytes_of(const auto& value) {
  return std::as_bytes(std::span(&value, 1));
}

}  // namespace

Result<ArrayFileWriter> ArrayFileWriter::create(const fs::path& path, std::string_view key) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  fs::path partial = path.parent_path() / fmt::format(".{}.{}.partial", path.filename().string(), ::getpid());
  const int descriptor = ::open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) return fail("{}: {}", partial.string(), std::strerror(errno));
  ArrayFileWriter writer(std::move(partial), path, descriptor);
  writer.write(bytes_of(Header{{}, 0, key.size()}));  // no magic yet: not whole
  writer.write(std::as_bytes(std::span(key)));
  writer.pad();
  return writer;
}

ArrayFileWriter::ArrayFileWriter(ArrayFileWriter&& other) noexcept
    : partial_(std::move(other.partial_)),
      path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      size_(other.size_),
      written_(std::move(other.written_)) {}

ArrayFileWriter::~ArrayFileWriter() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  std::error_code ignored;
  fs::remove(partial_, ignored);
}

void ArrayFileWriter::write(std::span<const std::byte> bytes) {
  while (written_ && !bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      written_ = fail("{}: {}", partial_.string(), std::strerror(errno));
      return;
    }
    size_ += static_cast<std::uint64_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void ArrayFileWriter::pad() {
  static constexpr std::byte kZeros[kAlignment] = {};
  write(std::span(kZeros).first(aligned(size_) - size_));
}

void ArrayFileWriter::append(std::span<const std::byte> array) {
  write(bytes_of(static_cast<std::uint64_t>(array.size())));
  pad();
  write(array);
  pad();
}

Status ArrayFileWriter::commit() {
  INCIPIT_CHECK(written_);
  const struct {
    std::array<char, 8> magic;
    std::uint64_t file_size;
  } start = {kMagic, size_};
  if (::pwrite(descriptor_, &start, sizeof(start), 0) != static_cast<ssize_t>(sizeof(start)))
    return fail("{}: {}", partial_.string(), std::strerror(errno));
  std::error_code error;
  fs::rename(partial_, path_, error);
  if (error) return fail("{}: {}", path_.string(), error.message());
  ::close(std::exchange(descriptor_, -1));
  return {};
}

Result<ArrayFileReader> ArrayFileReader::open(const fs::path& path, std::string_view key) {
  INCIPIT_TRY(MappedFile map, MappedFile::open(path));
  auto file = std::make_shared<const MappedFile>(std::move(map));
  const std::span<const std::byte> bytes = file->bytes();
  Header header;
  if (bytes.size() < sizeof(header)) return fail("{}: is cut off", path.string());
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (header.magic != kMagic) return fail("{}: is no array file, or was not finished", path.string());
  if (header.file_size != bytes.size())
    return fail("{}: has {} bytes of {}", path.string(), bytes.size(), header.file_size);
  const auto stored = bytes.subspan(sizeof(header));
  if (header.key_size != key.size() || stored.size() < key.size() ||
      std::memcmp(stored.data(), key.data(), key.size()) != 0)
    return fail("{}: was made of something else", path.string());
  return ArrayFileReader(std::move(file), path, aligned(sizeof(header) + key.size()));
}

Result<std::shared_ptr<const std::byte>> ArrayFileReader::take(std::size_t size) {
  const std::span<const std::byte> bytes = file_->bytes();
  std::uint64_t stored = 0;
  if (at_ > bytes.size() || bytes.size() - at_ < sizeof(stored))
    return fail("{}: has no further array", path_.string());
  std::memcpy(&stored, bytes.data() + at_, sizeof(stored));
  const std::size_t first = at_ + kAlignment;
  if (stored != size || first > bytes.size() || bytes.size() - first < size)
    return fail("{}: the array at {} has {} bytes, {} are needed", path_.string(), at_, stored, size);
  at_ = aligned(first + size);
  return std::shared_ptr<const std::byte>(file_, bytes.data() + first);
}

}  // namespace incipit
