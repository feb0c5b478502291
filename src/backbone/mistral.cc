// Mistral (Jiang et al. 2023), as transformers' modeling_mistral.py has it: a Llama with an attention window.
#include "backbone/decoder_loader.h"

namespace incipit {

Result<LoadedBackbone> load_mistral(const ModelSource& source) {
  return load_decoder(source, llama_family(source.config));
}

}  // namespace incipit
