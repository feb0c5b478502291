#include "incipit/hub.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <system_error>
#include <utility>

#include "hub/catalogue.h"
#include "hub/fetch.h"
#include "hub/receipt.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

const CatalogueItem* find(const std::vector<CatalogueItem>& items, std::string_view name) {
  const auto found =
      std::ranges::find_if(items, [&](const CatalogueItem& item) { return item.entry.name == name; });
  return found == items.end() ? nullptr : &*found;
}

std::string names_of(const std::vector<CatalogueItem>& items) {
  std::string names;
  for (const CatalogueItem& item : items) names += (names.empty() ? "" : ", ") + item.entry.name;
  return names;
}

/// Whether another item is made of the same download.
bool is_shared(const std::vector<CatalogueItem>& items, const CatalogueItem& item) {
  const auto has = [&](const CatalogueItem& other) {
    return &other != &item && std::ranges::any_of(other.sources, [&](const Source& source) {
      return source.sha256 == item.sources.front().sha256;
    });
  };
  return std::ranges::any_of(items, has);
}

/// An environment variable's value; empty where it is unset.
std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

std::vector<CatalogueEntry> catalogue() {
  std::vector<CatalogueEntry> entries;
  const Result<std::vector<CatalogueItem>> items = embedded_catalogue();
  if (!items) return entries;
  for (const CatalogueItem& item : *items) entries.push_back(item.entry);
  return entries;
}

fs::path cache_folder() {
  if (const std::string own = variable("INCIPIT_CACHE"); !own.empty()) return own;
  // The XDG specification has relative paths ignored.
  if (const fs::path shared = variable("XDG_CACHE_HOME"); shared.is_absolute()) return shared / "incipit";
  return fs::path(variable("HOME")) / ".cache" / "incipit";
}

Result<fs::path> pull(std::string_view name, const std::function<void(const std::string&)>& report) {
  INCIPIT_TRY(const std::vector<CatalogueItem> items, embedded_catalogue());
  const CatalogueItem* item = find(items, name);
  if (item == nullptr) return fail("{}: not in the catalogue, which has {}", name, names_of(items));
  return fetch(*item, cache_folder(), is_shared(items, *item), report);
}

Result<fs::path> resolve(std::string_view name) {
  fs::path path(name);
  std::error_code error;
  if (fs::exists(path, error)) return path;
  INCIPIT_TRY(const std::vector<CatalogueItem> items, embedded_catalogue());
  const CatalogueItem* item = find(items, name);
  if (item == nullptr) {
    return fail("{}: no such file or folder, and not a name of the catalogue, which has {}", name,
                names_of(items));
  }
  fs::path folder = item_folder(cache_folder(), *item);
  if (!is_whole(folder, *item)) return fail("{}: not fetched yet, run: incipit pull {}", name, name);
  // A data set of one table is that file: its folder holds source.json too, which is no data.
  const std::vector<Member>& members = item->sources.front().members;
  if (item->entry.kind == "dataset" && members.size() == 1) return folder / members.front().target;
  return folder;
}

}  // namespace incipit
