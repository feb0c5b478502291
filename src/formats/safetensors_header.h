#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

#include "incipit/result.h"

#include "formats/tensor_store.h"

namespace incipit {

/// The tensors of one safetensors file held at `bytes`, into which they point. Holds the header against
/// everything that the format's reference implementation checks: its length (at most 100 MB), known dtypes,
/// sizes that agree with shapes, and offsets that cover the data exactly, without overlap or hole. `file` is
/// for messages.
Result<std::vector<StoredTensor>> parse_safetensors(std::span<const std::byte> bytes,
                                                    const std::filesystem::path& file);

}  // namespace incipit
