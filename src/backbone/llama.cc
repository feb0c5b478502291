// Llama (Touvron et al. 2023, Grattafiori et al. 2024), as transformers' modeling_llama.py has it.
#include "backbone/decoder_loader.h"

namespace incipit {

Result<LoadedBackbone> load_llama(const TensorStore& store, const HfConfig& config, Precision precision) {
  DecoderFamily family = llama_family(config);
  family.has_output_bias = config.attention_bias;
  return load_decoder(store, config, family, precision);
}

}  // namespace incipit
