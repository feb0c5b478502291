#pragma once

#include <cstdint>
#include <span>

#include "tensor/matrix.h"

namespace incipit {

/// A sequence's rows: queries [query_first, +query_count) attend to keys [key_first, +key_count), to all of
/// them or to those that a KeyRange leaves.
struct AttentionSpan {
  std::int64_t query_first = 0;
  std::int64_t query_count = 0;
  std::int64_t key_first = 0;
  std::int64_t key_count = 0;
};

/// The keys that one query attends to, as places in its span: [begin, end), never empty. Of a causal query:
/// itself and those before it, at most a window's width.
struct KeyRange {
  std::int32_t begin = 0;
  std::int32_t end = 0;
};

struct AttentionShape {
  std::int64_t num_heads = 0;
  std::int64_t head_dim = 0;
  /// Heads of keys and values, each read by num_heads / num_key_value_heads heads in a row (grouped-query
  /// attention, Ainslie et al. 2023); 0: one for each head.
  std::int64_t num_key_value_heads = 0;
  /// Whether products may round what they multiply to bf16, which is done where that is faster.
  bool may_round = false;

  std::int64_t group_size() const { return num_key_value_heads > 0 ? num_heads / num_key_value_heads : 1; }
};

/// Dropout of attention probabilities; off where `rate` is 0. The mask of a query row depends on its key and
/// the head.
struct AttentionDropout {
  float rate = 0;
  std::span<const std::uint64_t> query_keys;  // [query rows]
};

/// softmax(Q Kᵀ / √head_dim) V within each sequence, for every head. q: [query rows, heads*head_dim]; k, v:
/// [key rows, key-value heads*head_dim], of one stride; out as q. A span with queries has keys too. visible:
/// [query rows], or empty where every query attends to all of its span. log_sum: [heads, query rows], what
/// the backward pass needs of the softmax, or null.
void attention(const AttentionShape& shape, std::span<const AttentionSpan> spans,
               std::span<const KeyRange> visible, ConstMatrixView q, ConstMatrixView k, ConstMatrixView v,
               const AttentionDropout& dropout, MatrixView out, float* log_sum);

/// Gradients by q, k and v, which are overwritten; dk and dv are of one stride. Rows outside of every span
/// are left alone.
void attention_backward(const AttentionShape& shape, std::span<const AttentionSpan> spans,
                        std::span<const KeyRange> visible, ConstMatrixView q, ConstMatrixView k,
                        ConstMatrixView v, const AttentionDropout& dropout, const float* log_sum,
                        ConstMatrixView d_out, MatrixView dq, MatrixView dk, MatrixView dv);

}  // namespace incipit
