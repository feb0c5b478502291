// What the kernels should compute, slow and obvious, in double precision. For tests only.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "ops/activation.h"
#include "ops/attention.h"

namespace incipit::reference {

using Values = std::vector<double>;

inline double activation(Activation kind, double x) {
  switch (kind) {
    case Activation::gelu:
      return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
    case Activation::gelu_tanh:
      return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
    case Activation::relu:
      return std::max(x, 0.0);
    case Activation::tanh:
      return std::tanh(x);
    case Activation::silu:
      return x / (1 + std::exp(-x));
  }
  return 0;
}

/// C[rows, cols] = A[rows, depth] B[depth, cols].
inline Values product(std::int64_t rows, std::int64_t cols, std::int64_t depth, const Values& a,
                      const Values& b) {
  Values c(static_cast<std::size_t>(rows * cols));
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t p = 0; p < depth; ++p)
      for (std::int64_t j = 0; j < cols; ++j)
        c[static_cast<std::size_t>(i * cols + j)] +=
            a[static_cast<std::size_t>(i * depth + p)] * b[static_cast<std::size_t>(p * cols + j)];
  return c;
}

/// One row of a layer normalisation; `x` has its residual added already.
inline Values layer_norm(const Values& x, const Values& weight, const Values& bias, double epsilon) {
  const auto width = static_cast<double>(x.size());
  double mean = 0, variance = 0;
  for (const double value : x) mean += value / width;
  for (const double value : x) variance += (value - mean) * (value - mean) / width;
  Values y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i)
    y[i] = (x[i] - mean) / std::sqrt(variance + epsilon) * weight[i] + bias[i];
  return y;
}

/// One row of a root-mean-square normalisation.
inline Values rms_norm(const Values& x, const Values& weight, double epsilon) {
  double squares = 0;
  for (const double value : x) squares += value * value / static_cast<double>(x.size());
  Values y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) y[i] = x[i] / std::sqrt(squares + epsilon) * weight[i];
  return y;
}

/// One head rotated by the angles of its pairs.
inline Values rotate(const Values& x, const Values& angles) {
  const std::size_t half = angles.size();
  Values y(x.size());
  for (std::size_t i = 0; i < half; ++i) {
    y[i] = x[i] * std::cos(angles[i]) - x[half + i] * std::sin(angles[i]);
    y[half + i] = x[half + i] * std::cos(angles[i]) + x[i] * std::sin(angles[i]);
  }
  return y;
}

/// The loss's slope by each of `values`, by central differences.
inline Values finite_differences(Values values, double step,
                                 const std::function<double(const Values&)>& loss) {
  Values slopes(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double value = values[i];
    values[i] = value + step;
    const double above = loss(values);
    values[i] = value - step;
    const double below = loss(values);
    values[i] = value;
    slopes[i] = (above - below) / (2 * step);
  }
  return slopes;
}

/// One head of one sequence. `mask` [queries, keys] is what each probability is multiplied by.
struct Head {
  std::size_t queries, keys, dim;
  Values q, k, v;  // [queries or keys, dim]
  Values mask;
  std::vector<KeyRange> visible{};  // [queries]; empty: all

  bool sees(std::size_t query, std::size_t key) const {
    return visible.empty() || (static_cast<std::int32_t>(key) >= visible[query].begin &&
                               static_cast<std::int32_t>(key) < visible[query].end);
  }
};

struct HeadGradients {
  Values q, k, v;
};

/// Probabilities before the mask, [queries, keys]; log_sum [queries] receives log Σ exp(score).
inline Values attention_probabilities(const Head& head, Values* log_sum = nullptr) {
  Values p(head.queries * head.keys);
  for (std::size_t i = 0; i < head.queries; ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < head.keys; ++j) {
      if (!head.sees(i, j)) continue;
      double score = 0;
      for (std::size_t c = 0; c < head.dim; ++c) score += head.q[i * head.dim + c] * head.k[j * head.dim + c];
      sum += p[i * head.keys + j] = std::exp(score / std::sqrt(static_cast<double>(head.dim)));
    }
    for (std::size_t j = 0; j < head.keys; ++j) p[i * head.keys + j] /= sum;
    if (log_sum != nullptr) log_sum->push_back(std::log(sum));
  }
  return p;
}

inline Values attention(const Head& head) {
  const Values p = attention_probabilities(head);
  Values out(head.queries * head.dim);
  for (std::size_t i = 0; i < head.queries; ++i)
    for (std::size_t j = 0; j < head.keys; ++j)
      for (std::size_t c = 0; c < head.dim; ++c)
        out[i * head.dim + c] +=
            p[i * head.keys + j] * head.mask[i * head.keys + j] * head.v[j * head.dim + c];
  return out;
}

/// By the chain rule, for sizes where differences would take too long; attention_test.cc holds it against
/// them.
inline HeadGradients attention_gradients(const Head& head, const Values& d_out) {
  const Values p = attention_probabilities(head);
  HeadGradients d{Values(head.q.size()), Values(head.k.size()), Values(head.v.size())};
  for (std::size_t i = 0; i < head.queries; ++i) {
    Values dp(head.keys);
    double mean = 0;
    for (std::size_t j = 0; j < head.keys; ++j) {
      const double masked = p[i * head.keys + j] * head.mask[i * head.keys + j];
      for (std::size_t c = 0; c < head.dim; ++c) {
        dp[j] += head.mask[i * head.keys + j] * d_out[i * head.dim + c] * head.v[j * head.dim + c];
        d.v[j * head.dim + c] += masked * d_out[i * head.dim + c];
      }
      mean += p[i * head.keys + j] * dp[j];
    }
    for (std::size_t j = 0; j < head.keys; ++j) {
      const double d_score = p[i * head.keys + j] * (dp[j] - mean) / std::sqrt(static_cast<double>(head.dim));
      for (std::size_t c = 0; c < head.dim; ++c) {
        d.q[i * head.dim + c] += d_score * head.k[j * head.dim + c];
        d.k[j * head.dim + c] += d_score * head.q[i * head.dim + c];
      }
    }
  }
  return d;
}

}  // namespace incipit::reference
