#include "infer/activation_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <unordered_map>
#include <utility>
#include <vector>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/file.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kLongestSubject = 4096;
constexpr std::array<char, 16> kFileMagic = {'i', 'n', 'c', 'i', 'p', 'i', 't',  ' ',
                                             'r', 'o', 'w', 's', ' ', '1', '\n', 0};
constexpr std::uint64_t kRecordMagic = 0x31'64'72'6f'63'65'72'69;  // "irecord1"

struct FileHeader {
  std::array<char, 16> magic{};
  std::uint64_t subject_bytes = 0;
  std::uint64_t subject_checksum = 0;
};

struct RecordHeader {
  std::uint64_t magic = kRecordMagic;
  ActivationKey key{};
  std::uint64_t content_bytes = 0;
  std::uint64_t content_checksum = 0;
  std::uint64_t checksum = 0;  // of the fields above
  std::array<std::uint64_t, 2> unused{};

  std::uint64_t own_checksum() const { return XXH3_64bits(this, offsetof(RecordHeader, checksum)); }
};
static_assert(sizeof(RecordHeader) == kAlignment);

std::size_t aligned(std::size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

std::string file_header(std::string_view subject) {
  const FileHeader header{kFileMagic, subject.size(), XXH3_64bits(subject.data(), subject.size())};
  std::string bytes(aligned(sizeof(header) + subject.size()), '\0');
  std::memcpy(bytes.data(), &header, sizeof(header));
  std::copy(subject.begin(), subject.end(), bytes.begin() + sizeof(header));
  return bytes;
}

/// Never replaces what is there: another process may just have made it, and write to it.
Status create(const fs::path& path, std::string_view header) {
  fs::path made = path;
  made += fmt::format(".{}.new", ::getpid());
  INCIPIT_CHECK(write_file(made, header));
  if (::link(made.c_str(), path.c_str()) == 0 || errno == EEXIST) {
    ::unlink(made.c_str());
    return {};
  }
  if (::rename(made.c_str(), path.c_str()) == 0) return {};  // a file system without links
  const int reason = errno;
  ::unlink(made.c_str());
  return fail("{}: {}", path.string(), std::strerror(reason));
}

bool starts_with(int descriptor, std::string_view header) {
  std::string bytes(header.size(), '\0');
  const ssize_t count = ::pread(descriptor, bytes.data(), bytes.size(), 0);
  return count == std::ssize(bytes) && bytes == header;
}

Status write_at(int descriptor, const void* data, std::size_t size, std::size_t offset) {
  const auto* bytes = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = ::pwrite(descriptor, bytes, size, static_cast<off_t>(offset));
    if (written < 0) {
      if (errno == EINTR) continue;
      return fail("{}", std::strerror(errno));
    }
    bytes += written;
    size -= static_cast<std::size_t>(written);
    offset += static_cast<std::size_t>(written);
  }
  return {};
}

/// Holds a lock on an open file where nobody else's stands in its way.
class TryLock {
 public:
  TryLock(int descriptor, int kind)
      : descriptor_(descriptor), held_(::flock(descriptor, kind | LOCK_NB) == 0) {}
  TryLock(const TryLock&) = delete;
  TryLock& operator=(const TryLock&) = delete;
  ~TryLock() {
    if (held_) ::flock(descriptor_, LOCK_UN);
  }
  bool held() const { return held_; }

 private:
  int descriptor_;
  bool held_;
};

struct KeyHash {
  std::size_t operator()(const ActivationKey& key) const { return key.low; }
};

struct Place {
  std::size_t offset = 0, bytes = 0;
  std::uint64_t checksum = 0;
};

}  // namespace

struct ActivationFile::State {
  fs::path path;
  int descriptor = -1;
  bool writable = false;
  const std::byte* data = nullptr;
  std::size_t mapped = 0;
  std::size_t scanned = 0;          // up to here its records are known
  std::vector<std::size_t> torn{};  // offsets of headers whose content is cut
  std::unordered_map<ActivationKey, Place, KeyHash> places{};

  State(fs::path file, int opened, bool can_write, std::size_t header)
      : path(std::move(file)), descriptor(opened), writable(can_write), scanned(header) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    unmap();
    ::close(descriptor);
  }

  void unmap() {
    if (data != nullptr) ::munmap(const_cast<std::byte*>(data), mapped);
    data = nullptr;
    mapped = 0;
  }

  std::size_t size() const {
    struct stat info {};
    return ::fstat(descriptor, &info) == 0 ? static_cast<std::size_t>(info.st_size) : 0;
  }

  /// Whether bytes [0, end) can be read at `data`. Asked every time: reading behind the end of a file that
  /// somebody cut would end the process.
  bool reaches(std::size_t end) {
    const std::size_t now = size();
    if (end > now) return false;
    if (end <= mapped) return true;
    unmap();
    void* map = ::mmap(nullptr, now, PROT_READ, MAP_SHARED, descriptor, 0);
    if (map == MAP_FAILED) return false;
    data = static_cast<const std::byte*>(map);
    mapped = now;
    return true;
  }

  /// Takes in the records behind `scanned`. Where there should be one and is none, the next is looked for.
  void scan() {
    const std::size_t end = size();
    if (end <= scanned || !reaches(end)) return;
    std::size_t at = scanned;
    while (at + sizeof(RecordHeader) <= end) {
      RecordHeader header;
      std::memcpy(&header, data + at, sizeof(header));
      const std::size_t content = at + sizeof(header);
      const bool is_header = header.magic == kRecordMagic && header.checksum == header.own_checksum();
      if (!is_header || header.content_bytes > end - content) {
        if (is_header) torn.push_back(at);
        at += kAlignment;
        continue;
      }
      places[header.key] = {content, header.content_bytes, header.content_checksum};
      at = content + aligned(header.content_bytes);
    }
    if (at < end) {  // a header that is cut
      torn.push_back(at);
      at += kAlignment;
    }
    scanned = at;
  }

  /// Takes away the headers of records whose content is cut: what is appended would be taken for it.
  Status clear_torn() {
    const RecordHeader none{.magic = 0};
    for (const std::size_t at : torn) INCIPIT_CHECK(write_at(descriptor, &none, sizeof(none), at));
    torn.clear();
    return {};
  }

  Status write(const Record& record, std::size_t at) {
    RecordHeader header;
    header.key = record.key;
    header.content_bytes = record.content.size();
    header.content_checksum = XXH3_64bits(record.content.data(), record.content.size());
    header.checksum = header.own_checksum();
    const std::size_t content = at + sizeof(header);
    // The header last: without it there is no record.
    INCIPIT_CHECK(write_at(descriptor, record.content.data(), record.content.size(), content));
    INCIPIT_CHECK(write_at(descriptor, &header, sizeof(header), at));
    places[record.key] = {content, record.content.size(), header.content_checksum};
    scanned = content + aligned(record.content.size());
    return {};
  }
};

ActivationFile::ActivationFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
ActivationFile::ActivationFile(ActivationFile&&) noexcept = default;
ActivationFile& ActivationFile::operator=(ActivationFile&&) noexcept = default;
ActivationFile::~ActivationFile() = default;

Result<ActivationFile> ActivationFile::open(const fs::path& path, std::string_view subject,
                                            const std::function<void(const std::string&)>& warn) {
  if (subject.size() > kLongestSubject)
    return fail("{}: a subject of {} bytes", path.string(), subject.size());
  const std::string header = file_header(subject);
  for (bool replaced = false;; replaced = true) {
    bool writable = true;
    int descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (descriptor < 0 && errno == ENOENT) {
      INCIPIT_CHECK(create(path, header));
      descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    }
    if (descriptor < 0 && (errno == EACCES || errno == EROFS)) {
      writable = false;
      descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    }
    if (descriptor < 0) return fail("{}: {}", path.string(), std::strerror(errno));
    auto state = std::make_unique<State>(path, descriptor, writable, header.size());
    struct stat info {};
    if (::fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode))
      return fail("{}: is not a regular file", path.string());
    if (starts_with(descriptor, header)) {
      ::futimens(descriptor, nullptr);  // says when it was used last
      return ActivationFile(std::move(state));
    }
    if (replaced) return fail("{}: changes while it is opened", path.string());
    warn(fmt::format("{}: is damaged or of another version; started anew", path.string()));
    INCIPIT_CHECK(write_file(path, header));
  }
}

std::span<const std::byte> ActivationFile::find(ActivationKey key) {
  const auto found = state_->places.find(key);
  if (found == state_->places.end()) return {};
  const Place place = found->second;
  if (state_->reaches(place.offset + place.bytes) &&
      XXH3_64bits(state_->data + place.offset, place.bytes) == place.checksum)
    return {state_->data + place.offset, place.bytes};
  state_->places.erase(found);
  return {};
}

void ActivationFile::refresh() {
  if (state_->size() <= state_->scanned) return;
  if (const TryLock lock(state_->descriptor, LOCK_SH); lock.held()) state_->scan();
}

Result<ActivationFile::Appended> ActivationFile::append(std::span<const Record> records,
                                                        std::int64_t max_bytes) {
  if (!state_->writable) return Appended::none_busy;
  const TryLock lock(state_->descriptor, LOCK_EX);
  if (!lock.held()) return Appended::none_busy;
  state_->scan();
  if (const Status cleared = state_->clear_torn(); !cleared)
    return fail("{}: {}", state_->path.string(), cleared.error().message);
  std::size_t end = aligned(state_->size());
  const auto most = static_cast<std::size_t>(std::max<std::int64_t>(max_bytes, 0));
  for (const Record& record : records) {
    if (state_->places.contains(record.key)) continue;
    const std::size_t needed = sizeof(RecordHeader) + aligned(record.content.size());
    if (needed > most || end > most - needed) return Appended::not_all_full;
    if (const Status written = state_->write(record, end); !written)
      return fail("{}: {}", state_->path.string(), written.error().message);
    end += needed;
  }
  return Appended::all;
}

std::int64_t ActivationFile::size() const {
  return static_cast<std::int64_t>(state_->size());
}

bool ActivationFile::is_writable() const {
  return state_->writable;
}

}  // namespace incipit
