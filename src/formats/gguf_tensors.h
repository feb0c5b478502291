#pragma once

#include <vector>

#include "incipit/result.h"

#include "formats/gguf.h"
#include "formats/tensor_store.h"

namespace incipit {

/// The file's tensors under transformers' names, with what has to be undone when they are read. They point
/// into the file. Fails where the architecture is not known (see read_gguf_config) or a tensor's shape does
/// not fit its heads.
Result<std::vector<StoredTensor>> tensors_of(const GgufFile& file);

}  // namespace incipit
