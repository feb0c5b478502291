// torch.save files, zip archives and those of before torch 1.6.
#include "formats/torch_pickle.h"
#include "fuzz_check.h"
#include "memory_file.h"

using namespace incipit;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const MemoryFile file(data, size);
  const auto tensors = read_torch_state_dict(file.path());
  require_one_line(tensors);
  if (!tensors) return 0;
  for (const auto& [name, tensor] : *tensors) {
    std::size_t bytes = size_of(tensor.dtype);
    for (const std::int64_t length : tensor.shape) bytes *= static_cast<std::size_t>(length);
    require(bytes == tensor.bytes.size(), "a tensor has the bytes of its shape");
  }
  return 0;
}
