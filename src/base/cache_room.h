#pragma once

#include <cstdint>
#include <filesystem>

namespace incipit {

/// How large `own` may become so that the files beside it that end as it does (`own` must have an extension),
/// with it, stay within max_bytes; at least 0. Where there is no room for `wanted` bytes more, others of them
/// are removed, those that were used longest ago first. No other file is touched.
std::int64_t make_room(const std::filesystem::path& own, std::int64_t wanted, std::int64_t max_bytes);

}  // namespace incipit
