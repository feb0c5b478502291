// DistilBERT (Sanh et al. 2019), as transformers' modeling_distilbert.py has it.
#include "backbone/encoder_loader.h"

namespace incipit {

Result<LoadedBackbone> load_distilbert(const ModelSource& source) {
  EncoderFamily family;
  family.prefix = "distilbert.";
  family.layers = "transformer.layer.";
  family.names = {"attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin",
                  "sa_layer_norm",   "ffn.lin1",        "ffn.lin2",        "output_layer_norm"};
  family.has_token_types = false;
  family.drops_attention_output = false;

  HeadSpec head;
  head.dense = "pre_classifier";
  head.activation = Activation::relu;
  head.output = "classifier";

  LmHeadNames lm_head;
  lm_head.transform = "vocab_transform";
  lm_head.norm = "vocab_layer_norm";
  lm_head.activation = activation_by_name(source.config.hidden_act).value_or(Activation::gelu);
  lm_head.decoder = "vocab_projector.weight";
  lm_head.bias = {"vocab_projector.bias"};
  return load_encoder(source, family, std::move(head), std::move(lm_head));
}

}  // namespace incipit
