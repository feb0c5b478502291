#pragma once

#include <cstdint>
#include <span>

#include "tensor/matrix.h"

namespace incipit {

/// A weighted sum that stays exact under splitting: parts of a batch add up, whoever computes them.
struct WeightedSum {
  double sum = 0;
  double weight = 0;

  double mean() const { return weight > 0 ? sum / weight : 0; }
  WeightedSum& operator+=(const WeightedSum& other) {
    sum += other.sum;
    weight += other.weight;
    return *this;
  }
};

/// Rows of logits to probabilities. Both [rows, labels].
void softmax(ConstMatrixView logits, MatrixView probabilities);

/// Cross-entropy of a part of a batch, as torch.nn.CrossEntropyLoss(weight) has it: the batch's loss is Σ w_y
/// nll / Σ w_y. `batch_weight` is Σ w_y over the whole batch. d_logits [examples, labels] becomes the
/// gradient of the batch's loss. Empty class_weights: all 1.
WeightedSum cross_entropy(ConstMatrixView logits, std::span<const int> labels,
                          std::span<const double> class_weights, double batch_weight, MatrixView d_logits);

/// The same of scores that are log-probabilities already, over more than the labels: -score_y / Σ w_y
/// targets_y, as the mean over all target tokens of a batch (transformers' causal language-model loss) has
/// it. targets: [labels] tokens; batch_weight: Σ w_y targets_y over the whole batch.
WeightedSum negative_log_likelihood(ConstMatrixView scores, std::span<const int> labels,
                                    std::span<const double> class_weights,
                                    std::span<const std::int64_t> targets, double batch_weight,
                                    MatrixView d_scores);

}  // namespace incipit
