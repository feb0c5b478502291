#pragma once

#include <string>

#include "formats/hf_config.h"
#include "formats/safetensors.h"

namespace incipit {

/// Tells one backbone from another: a hash, in hex, of its shape and of the name, shape and outermost bytes
/// of each of its tensors. Classification and language-model heads, and the base model's name prefix, do not
/// count, so a checkpoint keeps its fingerprint when a head is added to it.
std::string fingerprint(const TensorStore& store, const HfConfig& config);

}  // namespace incipit
