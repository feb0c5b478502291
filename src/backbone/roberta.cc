// RoBERTa (Liu et al. 2019), XLM-RoBERTa and CamemBERT, as transformers' modeling_roberta.py has them.
#include "backbone/bert_names.h"
#include "backbone/encoder_loader.h"

namespace incipit {

Result<LoadedBackbone> load_roberta(const ModelSource& source) {
  EncoderFamily family;
  family.prefix = "roberta.";
  family.layers = "encoder.layer.";
  family.names = kBertLayerNames;
  family.first_position = static_cast<std::int32_t>(source.config.pad_token_id) + 1;
  family.uncounted_id = static_cast<std::int32_t>(source.config.pad_token_id);

  HeadSpec head;
  head.dense = "classifier.dense";
  head.activation = Activation::tanh;
  head.output = "classifier.out_proj";
  head.drops_input = true;

  LmHeadNames lm_head;
  lm_head.transform = "lm_head.dense";
  lm_head.norm = "lm_head.layer_norm";
  lm_head.decoder = "lm_head.decoder.weight";
  lm_head.bias = {"lm_head.decoder.bias", "lm_head.bias"};
  return load_encoder(source, family, std::move(head), std::move(lm_head));
}

}  // namespace incipit
