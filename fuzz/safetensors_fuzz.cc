// safetensors headers, and the values of the tensors that they describe.
#include "formats/safetensors_header.h"
#include "tensor_check.h"

using namespace incipit;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto tensors = parse_safetensors(std::as_bytes(std::span(data, size)), "x.safetensors");
  require_one_line(tensors);
  if (!tensors) return 0;
  std::size_t bytes = 0;
  for (const StoredTensor& tensor : *tensors) {
    bytes += tensor.bytes.size();
    require_values(tensor);
  }
  require(bytes < size, "tensors lie behind the header, without overlap");
  return 0;
}
