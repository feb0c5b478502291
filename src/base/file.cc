#include "base/file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace incipit {
namespace {

namespace fs = std::filesystem;

/// Closes a file descriptor at the end of its scope.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

struct OpenFile {
  Descriptor descriptor;
  std::size_t size;
};

Result<OpenFile> open_regular(const fs::path& path) {
  Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (descriptor.get() < 0) return fail("{}: {}", path.string(), std::strerror(errno));
  struct stat info {};
  if (::fstat(descriptor.get(), &info) != 0) return fail("{}: {}", path.string(), std::strerror(errno));
  if (S_ISDIR(info.st_mode)) return fail("{}: is a directory, a file is needed", path.string());
  if (!S_ISREG(info.st_mode)) return fail("{}: is not a regular file", path.string());
  return OpenFile{std::move(descriptor), static_cast<std::size_t>(info.st_size)};
}

fs::path sibling_of(const fs::path& path) {
  return path.parent_path() / fmt::format(".{}.{}.partial", path.filename().string(), ::getpid());
}

Status make_parent(const fs::path& path) {
  if (!path.has_parent_path()) return {};
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error) return fail("{}: {}", path.parent_path().string(), error.message());
  return {};
}

Status write_all(const fs::path& path, std::string_view content) {
  Descriptor descriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (descriptor.get() < 0) return fail("{}: {}", path.string(), std::strerror(errno));
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor.get(), content.data(), content.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return fail("{}: {}", path.string(), std::strerror(errno));
    }
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

Result<std::string> read_file(const fs::path& path, std::uint64_t max_bytes) {
  INCIPIT_TRY(OpenFile file, open_regular(path));
  if (file.size > max_bytes)
    return fail("{}: {} bytes, at most {} are read", path.string(), file.size, max_bytes);
  std::string content(file.size, '\0');
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t count = ::read(file.descriptor.get(), content.data() + done, content.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail("{}: {}", path.string(), std::strerror(errno));
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  content.resize(done);
  return content;
}

Result<MappedFile> MappedFile::open(const fs::path& path) {
  INCIPIT_TRY(OpenFile file, open_regular(path));
  if (file.size == 0) return MappedFile(nullptr, 0);
  void* data = ::mmap(nullptr, file.size, PROT_READ, MAP_PRIVATE, file.descriptor.get(), 0);
  if (data == MAP_FAILED) return fail("{}: {}", path.string(), std::strerror(errno));
  return MappedFile(static_cast<const std::byte*>(data), file.size);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

void release_pages(std::span<const std::byte> mapped) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = (reinterpret_cast<std::uintptr_t>(mapped.data()) + page - 1) / page * page;
  const auto end = (reinterpret_cast<std::uintptr_t>(mapped.data()) + mapped.size()) / page * page;
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

Status write_file(const fs::path& path, std::string_view content) {
  INCIPIT_CHECK(make_parent(path));
  const fs::path partial = sibling_of(path);
  std::error_code error;
  if (Status written = write_all(partial, content); !written) {
    fs::remove(partial, error);
    return written;
  }
  fs::rename(partial, path, error);
  if (error) {
    const std::string reason = error.message();
    fs::remove(partial, error);
    return fail("{}: {}", path.string(), reason);
  }
  return {};
}

Result<StagedFolder> StagedFolder::create(const fs::path& destination) {
  const fs::path target = destination.has_filename() ? destination : destination.parent_path();
  std::error_code error;
  if (fs::exists(target, error) && !fs::is_directory(target, error))
    return fail("{}: exists and is not a folder", target.string());
  INCIPIT_CHECK(make_parent(target));
  fs::path staging = sibling_of(target);
  fs::remove_all(staging, error);
  fs::create_directory(staging, error);
  if (error) return fail("{}: {}", staging.string(), error.message());
  return StagedFolder(std::move(staging), target);
}

StagedFolder::StagedFolder(StagedFolder&& other) noexcept
    : staging_(std::exchange(other.staging_, {})), destination_(std::move(other.destination_)) {}

StagedFolder::~StagedFolder() {
  std::error_code error;
  if (!staging_.empty()) fs::remove_all(staging_, error);
}

Status StagedFolder::commit() {
  std::error_code error;
  if (!fs::exists(destination_, error)) {
    fs::rename(staging_, destination_, error);
    if (error) return fail("{}: {}", destination_.string(), error.message());
    staging_.clear();
    return {};
  }
  for (const fs::directory_entry& entry : fs::directory_iterator(staging_, error)) {
    fs::rename(entry.path(), destination_ / entry.path().filename(), error);
    if (error) return fail("{}: {}", (destination_ / entry.path().filename()).string(), error.message());
  }
  if (error) return fail("{}: {}", staging_.string(), error.message());
  return {};
}

}  // namespace incipit
