#pragma once

#include <filesystem>
#include <string>

#include "incipit/result.h"

namespace incipit {

/// The SHA-256 of a file's content, 64 lower-case hex digits.
Result<std::string> sha256_of(const std::filesystem::path& path);

}  // namespace incipit
