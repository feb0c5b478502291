// BERT (Devlin et al. 2018), as transformers' modeling_bert.py has it.
#include "backbone/bert_names.h"
#include "backbone/encoder_loader.h"

namespace incipit {

Result<LoadedBackbone> load_bert(const TensorStore& store, const HfConfig& config) {
  EncoderFamily family;
  family.prefix = "bert.";
  family.layers = "encoder.layer.";
  family.names = kBertLayerNames;

  HeadSpec head;
  head.dense = "bert.pooler.dense";
  head.dense_is_frozen = true;
  head.activation = Activation::tanh;
  head.output = "classifier";
  return load_encoder(store, config, family, std::move(head));
}

}  // namespace incipit
