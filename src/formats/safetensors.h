#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "formats/tensor_store.h"

namespace incipit {

/// A tensor to be written, f32.
struct OutputTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  std::span<const float> values;
};

/// The bytes of a safetensors file as Hugging Face writes it: compact JSON header padded with spaces to 8
/// bytes, metadata {"format":"pt"}, tensors sorted by name.
std::string serialize_safetensors(std::vector<OutputTensor> tensors);

}  // namespace incipit
