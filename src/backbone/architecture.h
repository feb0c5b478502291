#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "incipit/result.h"

#include "backbone/backbone.h"
#include "formats/hf_config.h"
#include "formats/safetensors.h"
#include "ops/activation.h"
#include "tensor/matrix.h"

namespace incipit {

/// The classification head that transformers' *ForSequenceClassification of a family has: dense, activation,
/// output. Tensor names are without ".weight" and ".bias".
struct HeadSpec {
  std::string dense;  // such as "classifier.dense"
  bool dense_is_frozen =
      false;  // a BERT's pooler: PEFT trains and saves modules named classifier or score only
  Activation activation = Activation::tanh;
  std::string output;        // such as "classifier.out_proj"
  bool drops_input = false;  // dropout in front of the dense layer, too
  float dropout = 0.1f;
  double initializer_range = 0.02;  // standard deviation of new weights; new biases are 0
};

/// Weight and bias of one of the head's layers, where the checkpoint has them.
struct HeadLayerWeights {
  Matrix weight;            // [out, in]
  std::vector<float> bias;  // [out]
};

/// A family's head and what the checkpoint holds of it.
class HeadWeights {
 public:
  HeadSpec spec;
  std::int64_t hidden_size = 0;
  std::optional<HeadLayerWeights> dense;
  std::optional<HeadLayerWeights> output;
};

struct LoadedBackbone {
  std::unique_ptr<Backbone> backbone;
  HeadWeights head;
  std::vector<std::string> unused;  // tensors of the file that the classification model does not have
  std::vector<std::string> newly_initialised;  // tensors of that model that the file does not have
};

/// Loads a model of one family. One file an architecture; see registry.cc.
using LoadArchitecture = Result<LoadedBackbone> (*)(const TensorStore& store, const HfConfig& config);

Result<LoadedBackbone> load_bert(const TensorStore& store, const HfConfig& config);
Result<LoadedBackbone> load_roberta(const TensorStore& store, const HfConfig& config);
Result<LoadedBackbone> load_distilbert(const TensorStore& store, const HfConfig& config);

/// By config.model_type; fails listing the known ones.
Result<LoadedBackbone> load_backbone(const TensorStore& store, const HfConfig& config);

}  // namespace incipit
