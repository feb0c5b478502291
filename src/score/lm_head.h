#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "backbone/architecture.h"
#include "ops/log_sum_exp.h"
#include "tensor/matrix.h"

namespace incipit {

/// A word whose log-probability at a row is wanted.
struct LmTarget {
  std::int64_t row = 0;
  std::int32_t id = 0;
};

/// What the backward pass of a language-model head needs, and scratch; reused from batch to batch, one per
/// thread. Matrices have padded_rows().
struct LmHeadPass {
  Matrix input, dense, normalised, features, logits, d_features, d_dense;
  std::vector<float> inverse, log_sums, scales;
  std::vector<LogSum> sums;
};

/// A frozen language-model head (GPT2LMHeadModel's lm_head, BERT's cls.predictions in transformers): last
/// hidden states to logits over the vocabulary, causal ones for the token that follows, masked ones for the
/// token itself. Works through the vocabulary in blocks, so that no [rows, vocabulary] is held. Immutable and
/// thread-safe.
class LmHead {
 public:
  explicit LmHead(LmHeadWeights weights);

  std::int64_t vocab_size() const { return vocab_size_; }
  std::int64_t hidden_size() const { return hidden_size_; }

  /// out becomes [rows, vocabulary]: for few rows.
  void logits(ConstMatrixView rows, LmHeadPass& pass, Matrix& out) const;

  /// out[t] becomes the natural logarithm of the softmax over the whole vocabulary at target t. rows: [rows,
  /// hidden]; targets' rows and ids are in range.
  void log_probabilities(ConstMatrixView rows, std::span<const LmTarget> targets, LmHeadPass& pass,
                         std::span<float> out) const;

  /// After log_probabilities() of the same rows and targets: d_rows [rows, hidden] becomes the gradient,
  /// given that by `out`.
  void log_probabilities_backward(std::span<const LmTarget> targets, std::span<const float> d_out,
                                  LmHeadPass& pass, MatrixView d_rows) const;

 private:
  /// A part of the vocabulary.
  struct Block {
    std::int64_t first, count;  // ids
    Linear linear;              // [count, hidden]
  };

  void transform(ConstMatrixView rows, LmHeadPass& pass) const;
  /// pass.logits becomes [padded rows, block.count] of features [first, first + count).
  void run_block(const Block& block, std::int64_t first, std::int64_t count, LmHeadPass& pass) const;
  void log_probabilities_of(const Block& block, std::int64_t first, std::int64_t count,
                            std::span<const LmTarget> targets, LmHeadPass& pass, std::span<float> out) const;
  void backward_of(const Block& block, std::int64_t first, std::int64_t count,
                   std::span<const LmTarget> targets, std::span<const float> d_out, LmHeadPass& pass) const;

  std::optional<Linear> transform_;
  Activation activation_;
  LayerNorm norm_;
  std::int64_t vocab_size_, hidden_size_;
  std::vector<Block> blocks_;
};

}  // namespace incipit
