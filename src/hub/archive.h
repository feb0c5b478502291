#pragma once

#include <filesystem>
#include <span>

#include "incipit/result.h"

#include "hub/catalogue.h"

namespace incipit {

/// Writes the listed members of a zip (wheel) or tar.gz to `folder` under their target names; nothing else of
/// the archive is ever written. Fails when a member is missing, no regular file, or of another size than
/// listed, and on a damaged archive or one of absurd size.
Status extract_members(const std::filesystem::path& archive, std::span<const Member> members,
                       const std::filesystem::path& folder);

}  // namespace incipit
