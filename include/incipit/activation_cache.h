#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace incipit {

/// What the layers below a late prompt give is rounded to, and kept as.
enum class CacheType {
  off,   // nothing is kept: these layers run every time, with their dropout
  bf16,  // half of the room
  f32,   // exact
};

/// bf16, f32 and off.
std::vector<std::string> cache_type_names();
std::string_view name_of(CacheType type);
std::optional<CacheType> cache_type_by_name(std::string_view name);

/// Where the output of the layers below a late prompt is kept, so that they run once for a text: a prompt
/// that joins at layer k does not reach below it. The results depend on `type` alone, not on what is kept.
struct ActivationCacheOptions {
  CacheType type = CacheType::off;
  std::filesystem::path folder;                    // shared by all processes; empty: nothing is kept
  std::int64_t max_bytes = std::int64_t{4} << 30;  // of all files in the folder
};

/// How often it helped.
struct ActivationCacheUse {
  std::int64_t found = 0;  // texts whose lower layers were kept
  std::int64_t run = 0;    // texts whose lower layers were run
};

}  // namespace incipit
