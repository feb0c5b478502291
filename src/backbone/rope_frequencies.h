#pragma once

#include <cstdint>
#include <vector>

#include "incipit/result.h"

#include "formats/hf_config.h"

namespace incipit {

/// The frequencies of a head's pairs of values, [head_dim / 2], as transformers' modeling_rope_utils.py has
/// them: θ^(-2i/d), scaled as the config's rope_type says. Fails naming a type that is not supported.
Result<std::vector<float>> rope_frequencies(const RopeConfig& rope, std::int64_t head_dim);

}  // namespace incipit
