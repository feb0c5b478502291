// GPT-2 (Radford et al. 2019), as transformers' modeling_gpt2.py has it.
#include "backbone/decoder_loader.h"

namespace incipit {

Result<LoadedBackbone> load_gpt2(const ModelSource& source) {
  DecoderFamily family;
  family.prefix = "transformer.";
  family.names.word = "wte";
  family.names.position = "wpe";
  family.names.layers = "h.";
  family.names.final_norm = "ln_f";
  family.names.attention_norm = "ln_1";
  family.names.query = "attn.c_attn";
  family.names.attention_output = "attn.c_proj";
  family.names.feed_forward_norm = "ln_2";
  family.names.up = "mlp.c_fc";
  family.names.down = "mlp.c_proj";
  family.has_layer_norm = true;
  family.stores_transposed = true;
  family.has_query_key_value_bias = family.has_output_bias = family.has_mlp_bias = true;
  return load_decoder(source, family);
}

}  // namespace incipit
