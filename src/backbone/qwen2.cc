// Qwen2 (Yang et al. 2024), as transformers' modeling_qwen2.py has it: a Llama whose queries, keys and values
// have biases, and whose upper layers may have an attention window.
#include "backbone/decoder_loader.h"

namespace incipit {

Result<LoadedBackbone> load_qwen2(const ModelSource& source) {
  return load_decoder(source, llama_family(source.config));
}

}  // namespace incipit
