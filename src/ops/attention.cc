#include "ops/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/parallel.h"
#include "base/phase_clock.h"
#include "base/rng.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/attention.cc"
// Before everything else of Highway, against the alphabet:
// clang-format off
#include <hwy/foreach_target.h>
#include <hwy/contrib/math/math-inl.h>
// clang-format on

#include "ops/simd-inl.h"

#ifndef INCIPIT_OPS_ATTENTION_ONCE_
#define INCIPIT_OPS_ATTENTION_ONCE_
namespace incipit {

/// The heads of one sequence that read one head of its keys and values. Pointers are at its first row and the
/// first head's first column.
struct HeadTask {
  std::int64_t queries, keys, head_dim;
  std::int64_t group_size;  // heads, side by side in q, out, d_out and dq
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
#endif

HWY_BEFORE_NAMESPACE();
namespace incipit::HWY_NAMESPACE {

/// Scratch of one thread, grown as needed. Heads are copied out of their wide rows: those lie powers of two
/// apart, so that reading them again and again would evict them from the first-level cache.
struct Scratch {
  Matrix keys;               // [keys, head_dim]
  Matrix keys_transposed;    // [head_dim, padded keys]
  Matrix values;             // as keys
  Matrix values_transposed;  // as keys_transposed
  Matrix queries;            // [query block, head_dim]
  Matrix d_out;              // the same
  Matrix scores;             // [query block, padded keys]
  Matrix d_scores;           // the same
};

Scratch& scratch() {
  thread_local Scratch instance;
  return instance;
}

/// Rounded up to what multiply() does without masks.
std::int64_t padded_keys(std::int64_t keys) {
  const auto step = 2 * static_cast<std::int64_t>(hn::Lanes(FloatTag()));
  return (keys + step - 1) / step * step;
}

void copy_rows(const float* source, std::int64_t stride, std::int64_t rows, std::int64_t cols,
               Matrix& destination) {
  destination.resize(rows, cols);
  for (std::int64_t i = 0; i < rows; ++i) std::copy_n(source + i * stride, cols, destination.row(i));
}

/// Four rows of four, `source_stride` apart, to four columns.
HWY_INLINE void transpose_4x4(const float* source, std::int64_t source_stride, float* to,
                              std::int64_t to_stride) {
  const hn::FixedTag<float, 4> d;
  const auto row0 = hn::LoadU(d, source), row1 = hn::LoadU(d, source + source_stride);
  const auto row2 = hn::LoadU(d, source + 2 * source_stride), row3 = hn::LoadU(d, source + 3 * source_stride);
  const auto even_low = hn::InterleaveLower(d, row0, row2), odd_low = hn::InterleaveLower(d, row1, row3);
  const auto even_high = hn::InterleaveUpper(d, row0, row2), odd_high = hn::InterleaveUpper(d, row1, row3);
  hn::StoreU(hn::InterleaveLower(d, even_low, odd_low), d, to);
  hn::StoreU(hn::InterleaveUpper(d, even_low, odd_low), d, to + to_stride);
  hn::StoreU(hn::InterleaveLower(d, even_high, odd_high), d, to + 2 * to_stride);
  hn::StoreU(hn::InterleaveUpper(d, even_high, odd_high), d, to + 3 * to_stride);
}

/// destination [cols, padded rows] = the rows' transpose, zero in the padding.
void transpose(const Matrix& source, Matrix& destination) {
  const std::int64_t rows = source.rows(), cols = source.cols(), padded = padded_keys(rows);
  destination.resize(cols, padded);
  const std::int64_t block_rows = rows / 4 * 4, block_cols = cols / 4 * 4;
  for (std::int64_t i = 0; i < block_rows; i += 4) {
    for (std::int64_t j = 0; j < block_cols; j += 4)
      transpose_4x4(source.row(i) + j, cols, destination.row(j) + i, padded);
    for (std::int64_t j = block_cols; j < cols; ++j)
      for (std::int64_t k = i; k < i + 4; ++k) destination.row(j)[k] = source.row(k)[j];
  }
  for (std::int64_t j = 0; j < cols; ++j) {
    for (std::int64_t i = block_rows; i < rows; ++i) destination.row(j)[i] = source.row(i)[j];
    std::fill(destination.row(j) + rows, destination.row(j) + padded, 0.0f);
  }
}

/// A block of queries and the keys that any of them attends to.
struct Block {
  std::int64_t first, count;        // queries
  std::int64_t key_begin, key_end;  // keys; the begin is a multiple of what padded_keys() rounds to
  std::int64_t padded() const { return padded_keys(key_end - key_begin); }
};

Block block_at(const HeadTask& task, std::int64_t first) {
  Block block{first, std::min(kQueryBlock, task.queries - first), 0, task.keys};
  if (task.visible == nullptr) return block;
  std::int64_t begin = task.keys, end = 0;
  for (std::int64_t i = first; i < first + block.count; ++i) {
    begin = std::min<std::int64_t>(begin, task.visible[i].begin);
    end = std::max<std::int64_t>(end, task.visible[i].end);
  }
  const std::int64_t step = padded_keys(1);
  block.key_begin = begin / step * step;
  block.key_end = end;
  return block;
}

/// So that keys which the query doesn't attend to, and the lanes past the last, have no part in maximum or
/// sum. `scores` are those of the block's keys.
void mask_scores(const HeadTask& task, const Block& block, std::int64_t query, float* scores) {
  const KeyRange all{static_cast<std::int32_t>(block.key_begin), static_cast<std::int32_t>(block.key_end)};
  const KeyRange range = task.visible == nullptr ? all : task.visible[query];
  constexpr float kNever = -std::numeric_limits<float>::max();
  std::fill(scores, scores + (range.begin - block.key_begin), kNever);
  std::fill(scores + (range.end - block.key_begin), scores + block.padded(), kNever);
}

/// Turns scores into exp(scale * score - shift) and returns the sum.
float exponentiate(float* scores, std::int64_t padded, float scale, float shift) {
  const FloatTag d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  FloatVec sum0 = hn::Zero(d), sum1 = hn::Zero(d);
  const auto next = [&](float* from, FloatVec& sum) HWY_ATTR {
    const FloatVec e = hn::Exp(d, hn::MulSub(hn::LoadU(d, from), hn::Set(d, scale), hn::Set(d, shift)));
    hn::StoreU(e, d, from);
    sum = hn::Add(sum, e);
  };
  for (std::int64_t j = 0; j < padded; j += 2 * lanes) {
    next(scores + j, sum0);
    next(scores + j + lanes, sum1);
  }
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(sum0, sum1)));
}

float largest(const float* values, std::int64_t padded) {
  const FloatTag d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  FloatVec best0 = hn::LoadU(d, values), best1 = hn::LoadU(d, values + lanes);
  for (std::int64_t j = 2 * lanes; j < padded; j += 2 * lanes) {
    best0 = hn::Max(best0, hn::LoadU(d, values + j));
    best1 = hn::Max(best1, hn::LoadU(d, values + j + lanes));
  }
  return hn::GetLane(hn::MaxOfLanes(d, hn::Max(best0, best1)));
}

void scale_row(float* row, std::int64_t count, float factor) {
  for_each_vector(count, [&](std::int64_t i, auto load, auto store) HWY_ATTR {
    store(hn::Mul(load(row + i), hn::Set(FloatTag(), factor)), row + i);
  });
}

/// The mask depends on the key's place in the span, not in the block.
void drop_row(const HeadTask& task, std::int64_t head, const Block& block, std::int64_t query, float* row) {
  const FloatTag d;
  const DropoutScale scale(
      mix_bits(task.query_keys[query], task.first_head + static_cast<std::uint64_t>(head)),
      task.dropout_rate);
  for (std::int64_t j = 0; j < block.padded(); j += static_cast<std::int64_t>(hn::Lanes(d)))
    hn::StoreU(hn::Mul(hn::LoadU(d, row + j), scale.at(block.key_begin + j)), d, row + j);
}

void forward_block(const HeadTask& task, std::int64_t head, const Block& block, Scratch& s) {
  const std::int64_t padded = block.padded(), column = head * task.head_dim;
  const float scale = 1.0f / std::sqrt(static_cast<float>(task.head_dim));
  float inverse_sum[kQueryBlock];
  s.scores.resize(kQueryBlock, padded);
  multiply(block.count, padded, task.head_dim, task.q + block.first * task.q_stride + column, task.q_stride,
           1, s.keys_transposed.data() + block.key_begin, s.keys_transposed.cols(), s.scores.data(), padded,
           false);
  for (std::int64_t i = 0; i < block.count; ++i) {
    const std::int64_t query = block.first + i;
    float* row = s.scores.row(i);
    mask_scores(task, block, query, row);
    const float shift = scale * largest(row, padded);
    const float sum = exponentiate(row, padded, scale, shift);
    inverse_sum[i] = 1.0f / sum;
    if (task.log_sum != nullptr) task.log_sum[head * task.log_sum_stride + query] = shift + std::log(sum);
    if (task.dropout_rate > 0) drop_row(task, head, block, query, row);
  }
  float* out = task.out + block.first * task.out_stride + column;
  multiply(block.count, task.head_dim, block.key_end - block.key_begin, s.scores.data(), padded, 1,
           s.values.row(block.key_begin), task.head_dim, out, task.out_stride, false);
  for (std::int64_t i = 0; i < block.count; ++i)
    scale_row(out + i * task.out_stride, task.head_dim, inverse_sum[i]);
}

void forward_heads(const HeadTask& task) {
  Scratch& s = scratch();
  copy_rows(task.k, task.kv_stride, task.keys, task.head_dim, s.keys);
  copy_rows(task.v, task.kv_stride, task.keys, task.head_dim, s.values);
  transpose(s.keys, s.keys_transposed);
  for (std::int64_t first = 0; first < task.queries; first += kQueryBlock) {
    const Block block = block_at(task, first);
    for (std::int64_t head = 0; head < task.group_size; ++head) forward_block(task, head, block, s);
  }
}

/// d_scores becomes scale * P ∘ (dP - rowsum(P ∘ dP)), given P in `row` and dP in `d_row`.
void softmax_backward_row(const float* row, float* d_row, std::int64_t padded, float scale) {
  const FloatTag d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  FloatVec sum = hn::Zero(d);
  for (std::int64_t j = 0; j < padded; j += lanes)
    sum = hn::MulAdd(hn::LoadU(d, row + j), hn::LoadU(d, d_row + j), sum);
  const FloatVec mean = hn::Set(d, hn::GetLane(hn::SumOfLanes(d, sum)));
  for (std::int64_t j = 0; j < padded; j += lanes) {
    const FloatVec centred = hn::Sub(hn::LoadU(d, d_row + j), mean);
    hn::StoreU(hn::Mul(hn::Mul(hn::LoadU(d, row + j), hn::Set(d, scale)), centred), d, d_row + j);
  }
}

/// dk and dv are added to where `accumulate`.
void backward_block(const HeadTask& task, std::int64_t head, const Block& block, bool accumulate,
                    Scratch& s) {
  const std::int64_t padded = block.padded(), keys = block.key_end - block.key_begin;
  const std::int64_t head_dim = task.head_dim, column = head * head_dim;
  const float scale = 1.0f / std::sqrt(static_cast<float>(head_dim));
  s.scores.resize(kQueryBlock, padded);
  s.d_scores.resize(kQueryBlock, padded);
  copy_rows(task.q + block.first * task.q_stride + column, task.q_stride, block.count, head_dim, s.queries);
  copy_rows(task.d_out + block.first * task.out_stride + column, task.out_stride, block.count, head_dim,
            s.d_out);
  multiply(block.count, padded, head_dim, s.queries.data(), head_dim, 1,
           s.keys_transposed.data() + block.key_begin, s.keys_transposed.cols(), s.scores.data(), padded,
           false);
  multiply(block.count, padded, head_dim, s.d_out.data(), head_dim, 1,
           s.values_transposed.data() + block.key_begin, s.values_transposed.cols(), s.d_scores.data(),
           padded, false);
  for (std::int64_t i = 0; i < block.count; ++i) {
    const std::int64_t query = block.first + i;
    float* row = s.scores.row(i);
    float* d_row = s.d_scores.row(i);
    mask_scores(task, block, query, row);
    exponentiate(row, padded, scale, task.log_sum[head * task.log_sum_stride + query]);
    if (task.dropout_rate > 0) drop_row(task, head, block, query, d_row);
    softmax_backward_row(row, d_row, padded, scale);
    if (task.dropout_rate > 0) drop_row(task, head, block, query, row);
  }
  const std::int64_t first_row = block.key_begin * task.dkv_stride;
  multiply(keys, head_dim, block.count, s.scores.data(), 1, padded, s.d_out.data(), head_dim,
           task.dv + first_row, task.dkv_stride, accumulate);
  multiply(keys, head_dim, block.count, s.d_scores.data(), 1, padded, s.queries.data(), head_dim,
           task.dk + first_row, task.dkv_stride, accumulate);
  multiply(block.count, head_dim, keys, s.d_scores.data(), padded, 1, s.keys.row(block.key_begin), head_dim,
           task.dq + block.first * task.dq_stride + column, task.dq_stride, false);
}

void backward_heads(const HeadTask& task) {
  Scratch& s = scratch();
  copy_rows(task.k, task.kv_stride, task.keys, task.head_dim, s.keys);
  copy_rows(task.v, task.kv_stride, task.keys, task.head_dim, s.values);
  transpose(s.keys, s.keys_transposed);
  transpose(s.values, s.values_transposed);
  const bool partial = task.visible != nullptr;  // a block may not cover all keys
  for (std::int64_t i = 0; partial && i < task.keys; ++i) {
    std::fill_n(task.dk + i * task.dkv_stride, task.head_dim, 0.0f);
    std::fill_n(task.dv + i * task.dkv_stride, task.head_dim, 0.0f);
  }
  for (std::int64_t first = 0; first < task.queries; first += kQueryBlock) {
    const Block block = block_at(task, first);
    for (std::int64_t head = 0; head < task.group_size; ++head)
      backward_block(task, head, block, partial || first > 0 || head > 0, s);
  }
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
