#pragma once

#include <string>
#include <vector>

#include "backbone/architecture.h"
#include "backbone/checkpoint.h"

namespace incipit {

/// Where a family keeps its language-model head.
struct LmHeadNames {
  std::string prefix;             // of the base model, with its dot
  std::string word_embedding;     // the decoder where the two are tied: its full name
  std::string decoder;            // such as "lm_head.weight"
  std::vector<std::string> bias;  // spellings; none: it has none
  std::string transform;          // without ".weight" and ".bias"; empty: it has none
  std::string norm;
  Activation activation = Activation::gelu;
  double norm_epsilon = 1e-12;
};

/// A reader for LoadedBackbone::load_lm_head.
std::function<Result<LmHeadWeights>()> lm_head_loader(const TensorStore& store, const HfConfig& config,
                                                      LmHeadNames names, Precision precision);

}  // namespace incipit
