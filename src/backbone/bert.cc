// BERT (Devlin et al. 2018), as transformers' modeling_bert.py has it.
#include "backbone/bert_names.h"
#include "backbone/encoder_loader.h"

namespace incipit {

Result<LoadedBackbone> load_bert(const ModelSource& source) {
  EncoderFamily family;
  family.prefix = "bert.";
  family.layers = "encoder.layer.";
  family.names = kBertLayerNames;

  HeadSpec head;
  head.dense = "bert.pooler.dense";
  head.dense_is_frozen = true;
  head.activation = Activation::tanh;
  head.output = "classifier";

  LmHeadNames lm_head;
  lm_head.transform = "cls.predictions.transform.dense";
  lm_head.norm = "cls.predictions.transform.LayerNorm";
  lm_head.activation = activation_by_name(source.config.hidden_act).value_or(Activation::gelu);
  lm_head.decoder = "cls.predictions.decoder.weight";
  lm_head.bias = {"cls.predictions.decoder.bias", "cls.predictions.bias"};
  return load_encoder(source, family, std::move(head), std::move(lm_head));
}

}  // namespace incipit
