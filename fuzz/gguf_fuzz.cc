// GGUF files: the header, then, where that is sound, everything that is read from one before weights are
// used.
#include "formats/gguf.h"
#include "formats/gguf_config.h"
#include "formats/gguf_tensors.h"
#include "formats/gguf_tokenizer.h"
#include "fuzz_check.h"
#include "memory_file.h"
#include "tensor_check.h"

using namespace incipit;

namespace {

void read_everything(const GgufFile& file) {
  require_one_line(read_gguf_config(file));
  require_one_line(gguf_tokenizer_json(file));
  const auto tensors = tensors_of(file);
  require_one_line(tensors);
  if (!tensors) return;
  for (const StoredTensor& tensor : *tensors) require_values(tensor);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto contents = parse_gguf(std::as_bytes(std::span(data, size)), "x.gguf");
  require_one_line(contents);
  if (!contents) return 0;
  const MemoryFile copy(data, size);
  const auto file = GgufFile::open(copy.path());
  require(file.has_value(), "a file that can be parsed can be opened");
  read_everything(*file);
  return 0;
}
