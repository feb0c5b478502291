#pragma once

#include <filesystem>
#include <string_view>

#include <nlohmann/json.hpp>

#include "incipit/result.h"

#include "formats/hf_config.h"

namespace incipit {

/// Whether read_decoder_config() knows the model_type: gpt2, llama, mistral, qwen2.
bool is_decoder_type(std::string_view model_type);

/// Fills the sizes and numbers of a decoder's config.json; model_type is set already. `file` is for messages.
Status read_decoder_config(const nlohmann::json& json, const std::filesystem::path& file, HfConfig& config);

}  // namespace incipit
