#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "incipit/result.h"

#include "hub/catalogue.h"

namespace incipit {

/// Where an item's files are kept under a cache folder.
std::filesystem::path item_folder(const std::filesystem::path& cache, const CatalogueItem& item);

/// Fetches an item into the cache unless it is there whole, from the first source that works: a file of the
/// right SHA-256 in cache/downloads, else by pip. Others see the whole item or none of it; two processes that
/// fetch the same one take turns. `keep_download`: leave what pip fetched in cache/downloads, for other items
/// that need it. `report` is given one line a step. Returns item_folder().
Result<std::filesystem::path> fetch(const CatalogueItem& item, const std::filesystem::path& cache,
                                    bool keep_download,
                                    const std::function<void(const std::string&)>& report);

}  // namespace incipit
