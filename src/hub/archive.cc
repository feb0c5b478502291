#include "hub/archive.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <archive.h>
#include <archive_entry.h>

#include "base/parallel.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

// Bounds on what is read past in search of the listed members.
constexpr std::uint64_t kMaxContentBytes = std::uint64_t{64} << 30;
constexpr std::int64_t kMaxEntries = 1'000'000;
/// Archives inside archives are held in memory.
constexpr std::size_t kMaxNestedBytes = std::size_t{256} << 20;

/// A member still to be found, with the part of its path that the archive at hand has to resolve.
struct Wanted {
  const Member* member = nullptr;
  std::span<const std::string> path;
};

struct CloseArchive {
  void operator()(archive* handle) const { archive_read_free(handle); }
};
using Handle = std::unique_ptr<archive, CloseArchive>;

std::string reason(const Handle& handle) {
  const char* text = archive_error_string(handle.get());
  return text == nullptr ? "damaged archive" : text;
}

Handle new_reader() {
  Handle handle(archive_read_new());
  if (handle == nullptr) return handle;
  archive_read_support_filter_gzip(handle.get());
  archive_read_support_format_tar(handle.get());
  archive_read_support_format_zip(handle.get());
  return handle;
}

using Sink = FunctionRef<bool(std::string_view)>;

/// Feeds the current entry's content to `sink`; false from it means that it could not be stored.
Status read_content(const Handle& handle, std::uint64_t max_bytes, Sink sink) {
  std::array<char, 1 << 16> buffer;
  std::uint64_t total = 0;
  while (true) {
    const la_ssize_t count = archive_read_data(handle.get(), buffer.data(), buffer.size());
    if (count < 0) return fail("{}", reason(handle));
    if (count == 0) return {};
    total += static_cast<std::uint64_t>(count);
    if (total > max_bytes) return fail("larger than {} bytes", max_bytes);
    if (!sink({buffer.data(), static_cast<std::size_t>(count)})) return fail("could not be written");
  }
}

Status write_member(const Handle& handle, const Member& member, const fs::path& folder) {
  std::ofstream file(folder / member.target, std::ios::binary | std::ios::trunc);
  std::uint64_t written = 0;
  INCIPIT_CHECK(read_content(handle, member.bytes, [&](std::string_view bytes) {
    written += bytes.size();
    return static_cast<bool>(file.write(bytes.data(), static_cast<std::streamsize>(bytes.size())));
  }));
  file.close();
  if (!file) return fail("could not be written to {}", (folder / member.target).string());
  if (written != member.bytes) return fail("has {} bytes, the catalogue says {}", written, member.bytes);
  return {};
}

Status extract(const Handle& handle, std::vector<Wanted> wanted, const fs::path& folder);

Status extract_nested(const Handle& handle, const std::vector<Wanted>& inside, const fs::path& folder) {
  std::string content;
  INCIPIT_CHECK(read_content(handle, kMaxNestedBytes, [&](std::string_view bytes) {
    content += bytes;
    return true;
  }));
  const Handle nested = new_reader();
  if (nested == nullptr) return fail("out of memory");
  if (archive_read_open_memory(nested.get(), content.data(), content.size()) != ARCHIVE_OK)
    return fail("{}", reason(nested));
  return extract(nested, inside, folder);
}

/// Takes those of `wanted` that the current entry answers out of the list, and extracts them.
Status extract_entry(const Handle& handle, archive_entry* entry, std::string_view name,
                     std::vector<Wanted>& wanted, const fs::path& folder) {
  const auto matches =
      std::ranges::stable_partition(wanted, [&](const Wanted& w) { return w.path.front() != name; });
  if (matches.empty()) return {};
  if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != nullptr)
    return fail("is not a regular file");
  std::vector<Wanted> inside(matches.begin(), matches.end());
  wanted.erase(matches.begin(), matches.end());
  for (Wanted& w : inside) w.path = w.path.subspan(1);
  if (inside.size() == 1 && inside.front().path.empty())
    return write_member(handle, *inside.front().member, folder);
  if (std::ranges::any_of(inside, [](const Wanted& w) { return w.path.empty(); }))
    return fail("is listed more than once");
  return extract_nested(handle, inside, folder);
}

Status extract(const Handle& handle, std::vector<Wanted> wanted, const fs::path& folder) {
  archive_entry* entry = nullptr;
  std::uint64_t content_bytes = 0;
  for (std::int64_t entries = 0; !wanted.empty(); ++entries) {
    const int status = archive_read_next_header(handle.get(), &entry);
    if (status == ARCHIVE_EOF) return fail("{}: not in the archive", wanted.front().path.front());
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN) return fail("{}", reason(handle));
    // A name that the locale cannot spell is none of the listed ones, which are ASCII.
    const char* name = archive_entry_pathname(entry);
    const auto size = static_cast<std::uint64_t>(std::max<la_int64_t>(archive_entry_size(entry), 0));
    if (entries >= kMaxEntries || size > kMaxContentBytes - content_bytes)
      return fail("more than {} entries or {} bytes", kMaxEntries, kMaxContentBytes);
    content_bytes += size;
    if (name == nullptr) continue;
    const std::string entry_name = name;
    Status done = extract_entry(handle, entry, entry_name, wanted, folder);
    if (!done) return fail("{}: {}", entry_name, done.error().message);
  }
  return {};
}

}  // namespace

Status extract_members(const fs::path& path, std::span<const Member> members, const fs::path& folder) {
  const Handle handle = new_reader();
  if (handle == nullptr) return fail("{}: out of memory", path.string());
  constexpr std::size_t kBlock = 1 << 16;
  if (archive_read_open_filename(handle.get(), path.c_str(), kBlock) != ARCHIVE_OK)
    return fail("{}: {}", path.string(), reason(handle));
  std::vector<Wanted> wanted;
  for (const Member& member : members) wanted.push_back({&member, member.path});
  Status done = extract(handle, std::move(wanted), folder);
  if (!done) return fail("{}: {}", path.string(), done.error().message);
  return {};
}

}  // namespace incipit
