// Llama (Touvron et al. 2023, Grattafiori et al. 2024), as transformers' modeling_llama.py has it.
#include "backbone/decoder_loader.h"

namespace incipit {

Result<LoadedBackbone> load_llama(const ModelSource& source) {
  DecoderFamily family = llama_family(source.config);
  family.has_output_bias = source.config.attention_bias;
  return load_decoder(source, family);
}

}  // namespace incipit
