#pragma once

#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/synthetic_model.h"

namespace incipit {

bool is_decoder(std::string_view model_type);

/// tiny_config() of a decoder, without labels: GPT-2's heads are all alike, the others' share keys and values
/// by two.
nlohmann::json tiny_decoder_config(std::string_view model_type);

/// checkpoint_tensors() of a decoder. Throws nlohmann's exceptions.
std::vector<TensorSpec> decoder_tensors(const nlohmann::json& config, const SyntheticOptions& options);

}  // namespace incipit
