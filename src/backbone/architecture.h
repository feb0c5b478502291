#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "incipit/precision.h"
#include "incipit/result.h"

#include "backbone/backbone.h"
#include "backbone/weight_reader.h"
#include "formats/hf_config.h"
#include "formats/safetensors.h"
#include "ops/activation.h"
#include "ops/layer_norm.h"
#include "ops/linear.h"
#include "tensor/matrix.h"

namespace incipit {

/// The classification head that transformers' *ForSequenceClassification of a family has: dense, activation,
/// output; decoders have the output only. Tensor names are without ".weight" and ".bias".
struct HeadSpec {
  std::string dense;  // such as "classifier.dense"; empty: there is none
  bool dense_is_frozen =
      false;  // a BERT's pooler: PEFT trains and saves modules named classifier or score only
  Activation activation = Activation::tanh;
  std::string output;        // such as "classifier.out_proj"
  bool drops_input = false;  // dropout in front of the dense layer, too
  float dropout = 0.1f;
  double initializer_range = 0.02;  // standard deviation of new weights; new biases are 0
  bool output_has_bias = true;
};

/// Weight and bias of one of the head's layers, where the checkpoint has them.
struct HeadLayerWeights {
  Matrix weight;            // [out, in]
  std::vector<float> bias;  // [out]; empty where the layer has none
};

/// A family's head and what the checkpoint holds of it.
class HeadWeights {
 public:
  HeadSpec spec;
  std::int64_t hidden_size = 0;
  std::optional<HeadLayerWeights> dense;
  std::optional<HeadLayerWeights> output;
};

/// The frozen language-model head of a family: rows to logits over the vocabulary. Masked ones transform the
/// rows first: norm(f(dense(x))).
struct LmHeadWeights {
  std::optional<Linear> transform;
  Activation activation = Activation::gelu;
  LayerNorm norm;           // of the transform
  Matrix decoder;           // [vocab, hidden]
  std::vector<float> bias;  // [vocab] or empty
  Precision precision = Precision::f32;
};

/// What a model is loaded from, and how. Does not own.
struct ModelSource {
  const TensorStore& store;
  const HfConfig& config;
  Precision precision;    // of the matmuls
  PackedWeights& packed;  // where its frozen layers come from or are kept
};

struct LoadedBackbone {
  std::unique_ptr<Backbone> backbone;
  HeadWeights head;
  /// Reads the language-model head, which few uses need, from the same store. Fails naming the tensor that
  /// the checkpoint does not have.
  std::function<Result<LmHeadWeights>()> load_lm_head;
  std::vector<std::string> unused;  // tensors of the file that the classification model does not have
  std::vector<std::string> newly_initialised;  // tensors of that model that the file does not have
};

/// Loads a model of one family. One file an architecture; see registry.cc.
using LoadArchitecture = Result<LoadedBackbone> (*)(const ModelSource& source);

Result<LoadedBackbone> load_bert(const ModelSource& source);
Result<LoadedBackbone> load_roberta(const ModelSource& source);
Result<LoadedBackbone> load_distilbert(const ModelSource& source);
Result<LoadedBackbone> load_gpt2(const ModelSource& source);
Result<LoadedBackbone> load_llama(const ModelSource& source);
Result<LoadedBackbone> load_mistral(const ModelSource& source);
Result<LoadedBackbone> load_qwen2(const ModelSource& source);

/// By config.model_type; fails listing the known ones.
Result<LoadedBackbone> load_backbone(const ModelSource& source);

}  // namespace incipit
