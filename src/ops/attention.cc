#include "ops/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/parallel.h"
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

/// One head of one sequence. Pointers are at its first row and the head's first column.
struct HeadTask {
  std::int64_t queries, keys, head_dim;
  std::int64_t q_stride, kv_stride, out_stride;
  const float *q, *k, *v;
  float* out;      // forward: written
  float* log_sum;  // [queries], or null in forward
  const float* d_out;
  float *dq, *dk, *dv;
  std::int64_t dq_stride, dkv_stride;
  float dropout_rate;
  const std::uint64_t* query_keys;  // [queries], where dropout_rate > 0
  std::uint64_t head;
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

#if HWY_TARGET == HWY_SCALAR
HWY_INLINE void transpose_4x4(const float* source, std::int64_t source_stride, float* to,
                              std::int64_t to_stride) {
  for (int i = 0; i < 4; ++i)
    for (int j = 0; j < 4; ++j) to[j * to_stride + i] = source[i * source_stride + j];
}
#else
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
#endif

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

/// So that the lanes past `keys` have no part in maximum or sum.
void mask_padding(float* scores, std::int64_t keys) {
  std::fill(scores + keys, scores + padded_keys(keys), -std::numeric_limits<float>::max());
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

void drop_row(const HeadTask& task, std::int64_t query, float* row, std::int64_t padded) {
  const FloatTag d;
  const DropoutScale scale(mix_bits(task.query_keys[query], task.head), task.dropout_rate);
  for (std::int64_t j = 0; j < padded; j += static_cast<std::int64_t>(hn::Lanes(d)))
    hn::StoreU(hn::Mul(hn::LoadU(d, row + j), scale.at(j)), d, row + j);
}

void forward_head(const HeadTask& task) {
  Scratch& s = scratch();
  const std::int64_t padded = padded_keys(task.keys);
  const float scale = 1.0f / std::sqrt(static_cast<float>(task.head_dim));
  copy_rows(task.k, task.kv_stride, task.keys, task.head_dim, s.keys);
  copy_rows(task.v, task.kv_stride, task.keys, task.head_dim, s.values);
  transpose(s.keys, s.keys_transposed);
  s.scores.resize(kQueryBlock, padded);
  for (std::int64_t first = 0; first < task.queries; first += kQueryBlock) {
    const std::int64_t block = std::min(kQueryBlock, task.queries - first);
    float inverse_sum[kQueryBlock];
    multiply(block, padded, task.head_dim, task.q + first * task.q_stride, task.q_stride, 1,
             s.keys_transposed.data(), padded, s.scores.data(), padded, false);
    for (std::int64_t i = 0; i < block; ++i) {
      float* row = s.scores.row(i);
      mask_padding(row, task.keys);
      const float shift = scale * largest(row, padded);
      const float sum = exponentiate(row, padded, scale, shift);
      inverse_sum[i] = 1.0f / sum;
      if (task.log_sum != nullptr) task.log_sum[first + i] = shift + std::log(sum);
      if (task.dropout_rate > 0) drop_row(task, first + i, row, padded);
    }
    float* out = task.out + first * task.out_stride;
    multiply(block, task.head_dim, task.keys, s.scores.data(), padded, 1, s.values.data(), task.head_dim, out,
             task.out_stride, false);
    for (std::int64_t i = 0; i < block; ++i)
      scale_row(out + i * task.out_stride, task.head_dim, inverse_sum[i]);
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

void backward_head(const HeadTask& task) {
  Scratch& s = scratch();
  const std::int64_t padded = padded_keys(task.keys), head_dim = task.head_dim;
  const float scale = 1.0f / std::sqrt(static_cast<float>(head_dim));
  copy_rows(task.k, task.kv_stride, task.keys, head_dim, s.keys);
  copy_rows(task.v, task.kv_stride, task.keys, head_dim, s.values);
  transpose(s.keys, s.keys_transposed);
  transpose(s.values, s.values_transposed);
  s.scores.resize(kQueryBlock, padded);
  s.d_scores.resize(kQueryBlock, padded);
  for (std::int64_t first = 0; first < task.queries; first += kQueryBlock) {
    const std::int64_t block = std::min(kQueryBlock, task.queries - first);
    copy_rows(task.q + first * task.q_stride, task.q_stride, block, head_dim, s.queries);
    copy_rows(task.d_out + first * task.out_stride, task.out_stride, block, head_dim, s.d_out);
    multiply(block, padded, head_dim, s.queries.data(), head_dim, 1, s.keys_transposed.data(), padded,
             s.scores.data(), padded, false);
    multiply(block, padded, head_dim, s.d_out.data(), head_dim, 1, s.values_transposed.data(), padded,
             s.d_scores.data(), padded, false);
    for (std::int64_t i = 0; i < block; ++i) {
      float* row = s.scores.row(i);
      float* d_row = s.d_scores.row(i);
      mask_padding(row, task.keys);
      exponentiate(row, padded, scale, task.log_sum[first + i]);
      if (task.dropout_rate > 0) drop_row(task, first + i, d_row, padded);
      softmax_backward_row(row, d_row, padded, scale);
      if (task.dropout_rate > 0) drop_row(task, first + i, row, padded);
    }
    const bool accumulate = first > 0;
    multiply(task.keys, head_dim, block, s.scores.data(), 1, padded, s.d_out.data(), head_dim, task.dv,
             task.dkv_stride, accumulate);
    multiply(task.keys, head_dim, block, s.d_scores.data(), 1, padded, s.queries.data(), head_dim, task.dk,
             task.dkv_stride, accumulate);
    multiply(block, head_dim, task.keys, s.d_scores.data(), padded, 1, s.keys.data(), head_dim,
             task.dq + first * task.dq_stride, task.dq_stride, false);
  }
}

}  // namespace incipit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace incipit {

HWY_EXPORT(forward_head);
HWY_EXPORT(backward_head);

namespace {

/// The part of a task that both passes share.
HeadTask head_task(const AttentionShape& shape, const AttentionSpan& span, std::int64_t head,
                   ConstMatrixView q, ConstMatrixView k, ConstMatrixView v, const AttentionDropout& dropout) {
  const std::int64_t column = head * shape.head_dim;
  HeadTask task{};
  task.queries = span.query_count;
  task.keys = span.key_count;
  task.head_dim = shape.head_dim;
  task.q_stride = q.stride;
  task.kv_stride = k.stride;
  task.q = q.row(span.query_first) + column;
  task.k = k.row(span.key_first) + column;
  task.v = v.row(span.key_first) + column;
  task.dropout_rate = dropout.rate;
  if (dropout.rate > 0) task.query_keys = dropout.query_keys.data() + span.query_first;
  task.head = static_cast<std::uint64_t>(head);
  return task;
}

}  // namespace

void attention(const AttentionShape& shape, std::span<const AttentionSpan> spans, ConstMatrixView q,
               ConstMatrixView k, ConstMatrixView v, const AttentionDropout& dropout, MatrixView out,
               float* log_sum) {
  parallel_items(static_cast<std::int64_t>(spans.size()) * shape.num_heads, [&](std::int64_t item, int) {
    const AttentionSpan& span = spans[static_cast<std::size_t>(item / shape.num_heads)];
    const std::int64_t head = item % shape.num_heads;
    if (span.query_count == 0) return;
    HeadTask task = head_task(shape, span, head, q, k, v, dropout);
    task.out = out.row(span.query_first) + head * shape.head_dim;
    task.out_stride = out.stride;
    task.log_sum = log_sum == nullptr ? nullptr : log_sum + head * q.rows + span.query_first;
    HWY_DYNAMIC_DISPATCH(forward_head)(task);
  });
}

void attention_backward(const AttentionShape& shape, std::span<const AttentionSpan> spans, ConstMatrixView q,
                        ConstMatrixView k, ConstMatrixView v, const AttentionDropout& dropout,
                        const float* log_sum, ConstMatrixView d_out, MatrixView dq, MatrixView dk,
                        MatrixView dv) {
  parallel_items(static_cast<std::int64_t>(spans.size()) * shape.num_heads, [&](std::int64_t item, int) {
    const AttentionSpan& span = spans[static_cast<std::size_t>(item / shape.num_heads)];
    const std::int64_t head = item % shape.num_heads, column = head * shape.head_dim;
    if (span.query_count == 0) {
      for (std::int64_t i = span.key_first; i < span.key_first + span.key_count; ++i) {
        std::fill_n(dk.row(i) + column, shape.head_dim, 0.0f);
        std::fill_n(dv.row(i) + column, shape.head_dim, 0.0f);
      }
      return;
    }
    HeadTask task = head_task(shape, span, head, q, k, v, dropout);
    task.out_stride = d_out.stride;
    task.d_out = d_out.row(span.query_first) + column;
    task.log_sum = const_cast<float*>(log_sum) + head * q.rows + span.query_first;
    task.dq = dq.row(span.query_first) + column;
    task.dk = dk.row(span.key_first) + column;
    task.dv = dv.row(span.key_first) + column;
    task.dq_stride = dq.stride;
    task.dkv_stride = dk.stride;
    HWY_DYNAMIC_DISPATCH(backward_head)(task);
  });
}

}  // namespace incipit
#endif
