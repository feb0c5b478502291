#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "incipit/result.h"

#include "tensor/dtype.h"

namespace incipit {

/// A tensor out of a torch.save file, its elements row-major and little-endian.
struct TorchTensor {
  DType dtype = DType::f32;
  std::vector<std::int64_t> shape;
  std::string bytes;
};

/// The state_dict that torch.save wrote to `file`, in its zip format or the one before torch 1.6: a dict of
/// dense F32, F16 or BF16 tensors, contiguous or strided. Its pickle is read as data; nothing in it is ever
/// run. Fails, naming the file, on anything else, and by its name on any other global.
Result<std::map<std::string, TorchTensor>> read_torch_state_dict(const std::filesystem::path& file);

}  // namespace incipit
