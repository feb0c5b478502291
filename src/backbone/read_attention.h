#pragma once

#include <span>

#include "backbone/layer_rows.h"
#include "engine/packed_batch.h"
#include "engine/stage_plan.h"
#include "ops/attention.h"

namespace incipit {

/// What a layer's attention worked on: see attention().
struct AttentionInputs {
  ConstMatrixView query, key;
  const float* log_sum = nullptr;
};

/// One layer's row of Want::attention, right after its forward pass. shares: [tokens], zeros.
void measure_read_attention(const PackedBatch& batch, const Stage& stage, const AttentionShape& shape,
                            const LayerRows& rows, const AttentionInputs& inputs, std::span<float> shares);

}  // namespace incipit
