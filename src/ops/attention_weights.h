#pragma once

#include <cstdint>
#include <span>

#include "ops/attention.h"
#include "tensor/matrix.h"

namespace incipit {

/// Adds `share` times the probabilities with which row `query` of q attends to the keys [key_first,
/// +weights.size()), mean over the heads, to `weights`. q, k and log_sum ([heads, q.rows]): as attention()
/// took and left them. Its dropout is not applied. For looking, not for speed.
void add_attention_weights(const AttentionShape& shape, ConstMatrixView q, ConstMatrixView k,
                           const float* log_sum, std::int64_t query, std::int64_t key_first, float share,
                           std::span<float> weights);

}  // namespace incipit
