#include "base/cache_room.h"

#include <algorithm>
#include <vector>

namespace incipit {
namespace {

namespace fs = std::filesystem;

struct CacheFile {
  fs::path path;
  std::int64_t bytes = 0;
  fs::file_time_type used;
};

/// Those beside `own` of the same ending, the one that was used longest ago first.
std::vector<CacheFile> others_of(const fs::path& own) {
  std::vector<CacheFile> files;
  std::error_code error;
  for (fs::directory_iterator entry(own.parent_path(), error), end; !error && entry != end;
       entry.increment(error)) {
    const fs::path& path = entry->path();
    if (path.extension() != own.extension() || path.filename() == own.filename()) continue;
    std::error_code gone;  // by another process
    const auto bytes = static_cast<std::int64_t>(entry->file_size(gone));
    const fs::file_time_type used = gone ? fs::file_time_type() : entry->last_write_time(gone);
    if (!gone && entry->is_regular_file(gone)) files.push_back({path, bytes, used});
  }
  std::sort(files.begin(), files.end(),
            [](const CacheFile& a, const CacheFile& b) { return a.used < b.used; });
  return files;
}

}  // namespace

std::int64_t make_room(const fs::path& own, std::int64_t wanted, std::int64_t max_bytes) {
  std::error_code error;
  const auto size = static_cast<std::int64_t>(fs::file_size(own, error));
  const std::int64_t needed = (error ? 0 : size) + wanted;
  const std::vector<CacheFile> others = others_of(own);
  std::int64_t taken = 0;
  for (const CacheFile& file : others) taken += file.bytes;
  for (const CacheFile& file : others) {
    // Nothing is gained where all of them would not make room enough.
    if (taken + needed <= max_bytes || needed > max_bytes) break;
    if (fs::remove(file.path, error)) taken -= file.bytes;
  }
  return std::max<std::int64_t>(max_bytes - taken, 0);
}

}  // namespace incipit
