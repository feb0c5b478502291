#include "ops/attention_weights.h"

#include <cmath>

namespace incipit {

void add_attention_weights(const AttentionShape& shape, ConstMatrixView q, ConstMatrixView k,
                           const float* log_sum, std::int64_t query, std::int64_t key_first, float share,
                           std::span<float> weights) {
  const float scale = 1.0f / std::sqrt(static_cast<float>(shape.head_dim));
  const float head_share = share / static_cast<float>(shape.num_heads);
  for (std::int64_t head = 0; head < shape.num_heads; ++head) {
    const float* q_row = q.row(query) + head * shape.head_dim;
    const std::int64_t key_head = head / shape.group_size();
    const float shift = log_sum[head * q.rows + query];
    for (std::size_t j = 0; j < weights.size(); ++j) {
      const float* k_row = k.row(key_first + static_cast<std::int64_t>(j)) + key_head * shape.head_dim;
      float score = 0;
      for (std::int64_t c = 0; c < shape.head_dim; ++c) score += q_row[c] * k_row[c];
      weights[j] += head_share * std::exp(scale * score - shift);
    }
  }
}

}  // namespace incipit
