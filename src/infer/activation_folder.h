#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace incipit {

/// The ending of the files that belong to the cache; others in its folder are never touched.
inline constexpr std::string_view kActivationSuffix = ".activations";

/// How large `own` may become so that the folder's files stay within max_bytes. Where it has no room for
/// `wanted` bytes more, other files are removed, those that were used longest ago first.
std::int64_t make_room(const std::filesystem::path& own, std::int64_t wanted, std::int64_t max_bytes);

}  // namespace incipit
