#include "ops/attention.h"

#include <algorithm>
#include <cmath>

#include "base/parallel.h"
#include "base/phase_clock.h"
#include "ops/head_task.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/attention.cc"
#include <hwy/foreach_target.h>  // must come before highway.h

#include "ops/head_words-inl.h"
#include "ops/multiply-inl.h"
#include "ops/score_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace incipit::HWY_NAMESPACE {

/// Scratch of one thread, grown as needed; words as the arithmetic takes them, see head_words-inl.h. Heads
/// are copied out of their wide rows: those lie powers of two apart, so that reading them again and again
/// would evict them from the first-level cache.
struct Scratch {
  Matrix keys;               // [keys, words of a head]
  Matrix keys_transposed;    // [words of a head, padded keys]
  Matrix values;             // as keys
  Matrix values_transposed;  // as keys_transposed
  Matrix queries;            // [query block, words of a head]
  Matrix d_out;              // the same
  Matrix scores;             // [query block, padded keys]: floats, then words
  Matrix d_scores;           // the same
  Matrix keys_stacked, values_stacked, queries_stacked, d_out_stacked, scores_stacked, d_scores_stacked;
};

Scratch& scratch() {
  thread_local Scratch instance;
  return instance;
}

template <typename Words>
void forward_block(const HeadTask& task, std::int64_t head, const Block& block, ConstMatrixView values,
                   Scratch& s) {
  using Arithmetic = typename Words::Arithmetic;
  const std::int64_t padded = block.padded(), column = head * task.head_dim;
  const std::int64_t head_words = word_count<Words>(task.head_dim);
  const float scale = 1.0f / std::sqrt(static_cast<float>(task.head_dim));
  float inverse_sum[kQueryBlock];
  copy_rows<Words>(task.q + block.first * task.q_stride + column, task.q_stride, block.count, task.head_dim,
                   s.queries);
  s.scores.resize(kQueryBlock, padded);
  multiply<Arithmetic>(block.count, padded, head_words, s.queries.data(), head_words, 1,
                       s.keys_transposed.data() + block.key_begin, s.keys_transposed.cols(), s.scores.data(),
                       padded, false);
  for (std::int64_t i = 0; i < block.count; ++i) {
    const std::int64_t query = block.first + i;
    float* row = s.scores.row(i);
    mask_scores(task, block, query, row);
    const float shift = scale * largest(row, padded);
    const float sum = exponentiate(row, padded, scale, shift);
    inverse_sum[i] = 1.0f / sum;
    if (task.log_sum != nullptr) task.log_sum[head * task.log_sum_stride + query] = shift + std::log(sum);
    if (task.dropout_rate > 0) drop_row(task, head, block, query, row);
    Words::pack_row(row, padded);
  }
  float* out = task.out + block.first * task.out_stride + column;
  multiply<Arithmetic>(block.count, task.head_dim, word_count<Words>(block.key_end - block.key_begin),
                       s.scores.data(), padded, 1, values.row(block.key_begin / Words::kGroup), values.stride,
                       out, task.out_stride, false);
  for (std::int64_t i = 0; i < block.count; ++i)
    scale_row(out + i * task.out_stride, task.head_dim, inverse_sum[i]);
}

template <typename Words>
void forward_heads_in(const HeadTask& task) {
  Scratch& s = scratch();
  copy_rows<Words>(task.k, task.kv_stride, task.keys, task.head_dim, s.keys);
  copy_rows<Words>(task.v, task.kv_stride, task.keys, task.head_dim, s.values);
  transpose(s.keys, s.keys_transposed);
  const ConstMatrixView values = stacked<Words>(s.values, task.keys, task.head_dim, s.values_stacked);
  for (std::int64_t first = 0; first < task.queries; first += kQueryBlock) {
    const Block block = block_at(task, first);
    for (std::int64_t head = 0; head < task.group_size; ++head)
      forward_block<Words>(task, head, block, values, s);
  }
}

void forward_heads(const HeadTask& task) {
#if INCIPIT_UNITS
  if (task.may_round && has_bf16_units()) return forward_heads_in<Bf16Words>(task);
#endif
  forward_heads_in<FloatWords>(task);
}

/// dk and dv are added to where `accumulate`.
template <typename Words>
void backward_block(const HeadTask& task, std::int64_t head, const Block& block, ConstMatrixView keys,
                    bool accumulate, Scratch& s) {
  using Arithmetic = typename Words::Arithmetic;
  const std::int64_t padded = block.padded(), key_count = block.key_end - block.key_begin;
  const std::int64_t head_dim = task.head_dim, head_words = word_count<Words>(head_dim);
  const std::int64_t column = head * head_dim;
  const float scale = 1.0f / std::sqrt(static_cast<float>(head_dim));
  s.scores.resize(kQueryBlock, padded);
  s.d_scores.resize(kQueryBlock, padded);
  copy_rows<Words>(task.q + block.first * task.q_stride + column, task.q_stride, block.count, head_dim,
                   s.queries);
  copy_rows<Words>(task.d_out + block.first * task.out_stride + column, task.out_stride, block.count,
                   head_dim, s.d_out);
  multiply<Arithmetic>(block.count, padded, head_words, s.queries.data(), head_words, 1,
                       s.keys_transposed.data() + block.key_begin, s.keys_transposed.cols(), s.scores.data(),
                       padded, false);
  multiply<Arithmetic>(block.count, padded, head_words, s.d_out.data(), head_words, 1,
                       s.values_transposed.data() + block.key_begin, s.values_transposed.cols(),
                       s.d_scores.data(), padded, false);
  for (std::int64_t i = 0; i < block.count; ++i) {
    const std::int64_t query = block.first + i;
    float* row = s.scores.row(i);
    float* d_row = s.d_scores.row(i);
    mask_scores(task, block, query, row);
    exponentiate(row, padded, scale, task.log_sum[head * task.log_sum_stride + query]);
    if (task.dropout_rate > 0) drop_row(task, head, block, query, d_row);
    softmax_backward_row(row, d_row, padded, scale);
    if (task.dropout_rate > 0) drop_row(task, head, block, query, row);
    Words::pack_row(row, padded);
    Words::pack_row(d_row, padded);
  }
  const std::int64_t first_row = block.key_begin * task.dkv_stride;
  const std::int64_t query_words = word_count<Words>(block.count);
  const ConstMatrixView d_out = stacked<Words>(s.d_out, block.count, head_dim, s.d_out_stacked);
  const ConstMatrixView scores = stacked<Words>(s.scores, block.count, padded, s.scores_stacked);
  multiply<Arithmetic>(key_count, head_dim, query_words, scores.data, 1, scores.stride, d_out.data,
                       d_out.stride, task.dv + first_row, task.dkv_stride, accumulate);
  const ConstMatrixView queries = stacked<Words>(s.queries, block.count, head_dim, s.queries_stacked);
  const ConstMatrixView d_scores = stacked<Words>(s.d_scores, block.count, padded, s.d_scores_stacked);
  multiply<Arithmetic>(key_count, head_dim, query_words, d_scores.data, 1, d_scores.stride, queries.data,
                       queries.stride, task.dk + first_row, task.dkv_stride, accumulate);
  multiply<Arithmetic>(block.count, head_dim, word_count<Words>(key_count), s.d_scores.data(), padded, 1,
                       keys.row(block.key_begin / Words::kGroup), keys.stride,
                       task.dq + block.first * task.dq_stride + column, task.dq_stride, false);
}

template <typename Words>
void backward_heads_in(const HeadTask& task) {
  Scratch& s = scratch();
  copy_rows<Words>(task.k, task.kv_stride, task.keys, task.head_dim, s.keys);
  copy_rows<Words>(task.v, task.kv_stride, task.keys, task.head_dim, s.values);
  transpose(s.keys, s.keys_transposed);
  transpose(s.values, s.values_transposed);
  const ConstMatrixView keys = stacked<Words>(s.keys, task.keys, task.head_dim, s.keys_stacked);
  const bool partial = task.visible != nullptr;  // a block may not cover all keys
  for (std::int64_t i = 0; partial && i < task.keys; ++i) {
    std::fill_n(task.dk + i * task.dkv_stride, task.head_dim, 0.0f);
    std::fill_n(task.dv + i * task.dkv_stride, task.head_dim, 0.0f);
  }
  for (std::int64_t first = 0; first < task.queries; first += kQueryBlock) {
    const Block block = block_at(task, first);
    for (std::int64_t head = 0; head < task.group_size; ++head)
      backward_block<Words>(task, head, block, keys, partial || first > 0 || head > 0, s);
  }
}

void backward_heads(const HeadTask& task) {
#if INCIPIT_UNITS
  if (task.may_round && has_bf16_units()) return backward_heads_in<Bf16Words>(task);
#endif
  backward_heads_in<FloatWords>(task);
}

}  // namespace incipit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace incipit {

HWY_EXPORT(forward_heads);
HWY_EXPORT(backward_heads);

namespace {

/// What both passes are called with.
struct Call {
  const AttentionShape& shape;
  std::span<const AttentionSpan> spans;
  std::span<const KeyRange> visible;
  ConstMatrixView q, k, v;
  const AttentionDropout& dropout;

  std::int64_t groups() const { return shape.num_heads / shape.group_size(); }
  std::int64_t tasks() const { return static_cast<std::int64_t>(spans.size()) * groups(); }
  const AttentionSpan& span_of(std::int64_t item) const {
    return spans[static_cast<std::size_t>(item / groups())];
  }
  /// Of a task's keys and values, and of what its queries read and write.
  std::int64_t kv_column(std::int64_t item) const { return item % groups() * shape.head_dim; }
  std::int64_t q_column(std::int64_t item) const { return kv_column(item) * shape.group_size(); }
};

/// The part of a task that both passes share.
HeadTask head_task(const Call& call, std::int64_t item) {
  const AttentionSpan& span = call.span_of(item);
  HeadTask task{};
  task.queries = span.query_count;
  task.keys = span.key_count;
  task.head_dim = call.shape.head_dim;
  task.group_size = call.shape.group_size();
  task.may_round = call.shape.may_round;
  task.q_stride = call.q.stride;
  task.kv_stride = call.k.stride;
  task.q = call.q.row(span.query_first) + call.q_column(item);
  task.k = call.k.row(span.key_first) + call.kv_column(item);
  task.v = call.v.row(span.key_first) + call.kv_column(item);
  if (!call.visible.empty()) task.visible = call.visible.data() + span.query_first;
  task.log_sum_stride = call.q.rows;
  task.dropout_rate = call.dropout.rate;
  if (call.dropout.rate > 0) task.query_keys = call.dropout.query_keys.data() + span.query_first;
  task.first_head = static_cast<std::uint64_t>(item % call.groups() * task.group_size);
  return task;
}

std::int64_t log_sum_start(const HeadTask& task, const AttentionSpan& span) {
  return static_cast<std::int64_t>(task.first_head) * task.log_sum_stride + span.query_first;
}

}  // namespace

void attention(const AttentionShape& shape, std::span<const AttentionSpan> spans,
               std::span<const KeyRange> visible, ConstMatrixView q, ConstMatrixView k, ConstMatrixView v,
               const AttentionDropout& dropout, MatrixView out, float* log_sum) {
  const PhaseTimer timer(Phase::attention);
  const Call call{shape, spans, visible, q, k, v, dropout};
  parallel_items(call.tasks(), [&](std::int64_t item, int) {
    const AttentionSpan& span = call.span_of(item);
    if (span.query_count == 0) return;
    HeadTask task = head_task(call, item);
    task.out = out.row(span.query_first) + call.q_column(item);
    task.out_stride = out.stride;
    task.log_sum = log_sum == nullptr ? nullptr : log_sum + log_sum_start(task, span);
    HWY_DYNAMIC_DISPATCH(forward_heads)(task);
  });
}

void attention_backward(const AttentionShape& shape, std::span<const AttentionSpan> spans,
                        std::span<const KeyRange> visible, ConstMatrixView q, ConstMatrixView k,
                        ConstMatrixView v, const AttentionDropout& dropout, const float* log_sum,
                        ConstMatrixView d_out, MatrixView dq, MatrixView dk, MatrixView dv) {
  const PhaseTimer timer(Phase::attention_backward);
  const Call call{shape, spans, visible, q, k, v, dropout};
  parallel_items(call.tasks(), [&](std::int64_t item, int) {
    const AttentionSpan& span = call.span_of(item);
    const std::int64_t column = call.kv_column(item);
    if (span.query_count == 0) {
      for (std::int64_t i = span.key_first; i < span.key_first + span.key_count; ++i) {
        std::fill_n(dk.row(i) + column, shape.head_dim, 0.0f);
        std::fill_n(dv.row(i) + column, shape.head_dim, 0.0f);
      }
      return;
    }
    HeadTask task = head_task(call, item);
    task.out_stride = d_out.stride;
    task.d_out = d_out.row(span.query_first) + call.q_column(item);
    task.log_sum = const_cast<float*>(log_sum) + log_sum_start(task, span);
    task.dq = dq.row(span.query_first) + call.q_column(item);
    task.dk = dk.row(span.key_first) + column;
    task.dv = dv.row(span.key_first) + column;
    task.dq_stride = dq.stride;
    task.dkv_stride = dk.stride;
    HWY_DYNAMIC_DISPATCH(backward_heads)(task);
  });
}

}  // namespace incipit
#endif
