#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "incipit/result.h"

namespace incipit {

/// The names under which a split may be kept: for "validation" also dev, valid and val (and the reverse),
/// else its own.
std::vector<std::string> split_aliases(std::string_view split);

/// The usual splits of which a folder holds a file, such as {"train", "dev"}.
std::vector<std::string> list_splits(const std::filesystem::path& folder);

/// The folder's file for a split; none if there is none. Fails when there are two of one name.
Result<std::optional<std::filesystem::path>> find_split(const std::filesystem::path& folder,
                                                        std::string_view split);

}  // namespace incipit
