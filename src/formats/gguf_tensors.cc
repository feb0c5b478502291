#include "formats/gguf_tensors.h"

#include <algorithm>
#include <utility>

#include "formats/gguf_config.h"
#include "formats/gguf_names.h"
#include "formats/strict_json.h"

namespace incipit {
namespace {

Result<StoredTensor> convert(const GgufTensor& tensor, const GgufConfig& config, const GgufFile& file) {
  HfTensorName hf = hf_tensor_name(config.architecture, tensor.name);
  StoredTensor stored{std::move(hf.name), tensor.type->dtype, tensor.shape, tensor.bytes};
  stored.blocks = tensor.type->blocks;
  if (hf.rows != HfTensorName::Rows::kept) {
    stored.paired_heads =
        hf.rows == HfTensorName::Rows::query_heads ? config.num_attention_heads : config.num_key_value_heads;
    if (stored.shape.front() % (2 * stored.paired_heads) != 0)
      return fail("{}: tensor {} has {} rows, {} heads need a multiple of {}", file.path().string(),
                  quote_text(tensor.name), stored.shape.front(), stored.paired_heads,
                  2 * stored.paired_heads);
  }
  if (hf.transposed) {
    if (stored.shape.size() != 2)
      return fail("{}: tensor {} has {} dimensions, 2 are right", file.path().string(),
                  quote_text(tensor.name), stored.shape.size());
    std::swap(stored.shape[0], stored.shape[1]);
    stored.transposed = true;
  }
  return stored;
}

}  // namespace

Result<std::vector<StoredTensor>> tensors_of(const GgufFile& file) {
  INCIPIT_TRY(const GgufConfig config, read_gguf_config(file));
  std::vector<StoredTensor> tensors;
  for (const GgufTensor& tensor : file.tensors()) {
    INCIPIT_TRY(StoredTensor stored, convert(tensor, config, file));
    tensors.push_back(std::move(stored));
  }
  return tensors;
}

}  // namespace incipit
