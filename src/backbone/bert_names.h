#pragma once

#include "backbone/encoder_loader.h"

namespace incipit {

/// Tensor names inside a layer, shared by BERT and the families built on its code.
inline constexpr LayerNames kBertLayerNames = {
    "attention.self.query",       "attention.self.key", "attention.self.value", "attention.output.dense",
    "attention.output.LayerNorm", "intermediate.dense", "output.dense",         "output.LayerNorm",
};

}  // namespace incipit
