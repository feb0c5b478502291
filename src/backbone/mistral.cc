// Mistral (Jiang et al. 2023), as transformers' modeling_mistral.py has it: a Llama with an attention window.
#include "backbone/decoder_loader.h"

namespace incipit {

Result<LoadedBackbone> load_mistral(const TensorStore& store, const HfConfig& config, Precision precision) {
  return load_decoder(store, config, llama_family(config), precision);
}

}  // namespace incipit
