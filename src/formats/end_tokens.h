#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include <nlohmann/json.hpp>

#include "incipit/result.h"

namespace incipit {

/// The field eos_token_id, one id or a list, of a config.json or generation_config.json; none where it is
/// absent or null. `file` is for messages.
Result<std::optional<std::vector<std::int32_t>>> read_end_tokens(const nlohmann::json& json,
                                                                 const std::filesystem::path& file);

/// That of a folder's generation_config.json, which transformers prefers to config.json's; none where there
/// is no such file.
Result<std::optional<std::vector<std::int32_t>>> generation_end_tokens(const std::filesystem::path& folder);

}  // namespace incipit
