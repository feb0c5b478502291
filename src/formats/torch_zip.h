#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "incipit/result.h"

namespace incipit {

/// The files of a zip archive by their paths inside it. Nothing is written to disk. Fails, naming `file`, on
/// a damaged archive, a path that occurs twice, and one whose files are together larger than itself: torch
/// compresses nothing, so that such an archive is not torch's.
Result<std::map<std::string, std::string>> read_stored_zip(std::span<const std::byte> bytes,
                                                           const std::filesystem::path& file);

}  // namespace incipit
