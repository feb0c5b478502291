#pragma once

#include <filesystem>

#include "incipit/result.h"

#include "hub/catalogue.h"

namespace incipit {

/// Writes source.json into a folder of extracted files: where they came from, and each one's size.
Status write_receipt(const std::filesystem::path& folder, const Source& source);

/// Whether a folder holds every file of one of the item's sources, with the sizes that its receipt names.
/// False after the catalogue went on to another version.
bool is_whole(const std::filesystem::path& folder, const CatalogueItem& item);

}  // namespace incipit
