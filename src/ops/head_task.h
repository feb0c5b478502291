#pragma once

#include <cstdint>

#include "ops/attention.h"

namespace incipit {

/// The heads of one sequence that read one head of its keys and values. Pointers are at its first row and the
/// first head's first column.
struct HeadTask {
  std::int64_t queries, keys, head_dim;
  std::int64_t group_size;  // heads, side by side in q, out, d_out and dq
  bool may_round;
  std::int64_t q_stride, kv_stride, out_stride;
  const float *q, *k, *v;
  const KeyRange* visible;  // [queries], or null: all
  float* out;               // forward: written
  float* log_sum;           // [group, log_sum_stride], of which [queries] each; or null in forward
  std::int64_t log_sum_stride;
  const float* d_out;
  float *dq, *dk, *dv;
  std::int64_t dq_stride, dkv_stride;
  float dropout_rate;
  const std::uint64_t* query_keys;  // [queries], where dropout_rate > 0
  std::uint64_t first_head;
};

/// Queries handled at once: their scores against every key stay in the second-level cache.
inline constexpr std::int64_t kQueryBlock = 48;

}  // namespace incipit
