#pragma once

#include <span>

#include "backbone/encoder_layer.h"
#include "engine/packed_batch.h"
#include "engine/stage_plan.h"

namespace incipit {

/// One layer's row of Want::attention, right after its forward pass. shares: [tokens], zeros.
void measure_read_attention(const PackedBatch& batch, const Stage& stage, const AttentionShape& shape,
                            const LayerRows& rows, const LayerTrace& trace, std::span<float> shares);

}  // namespace incipit
