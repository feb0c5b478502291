#include "score/loss.h"

#include <algorithm>
#include <cmath>

namespace incipit {

void softmax(ConstMatrixView logits, MatrixView probabilities) {
  for (std::int64_t i = 0; i < logits.rows; ++i) {
    const float* row = logits.row(i);
    float* out = probabilities.row(i);
    const float largest = *std::max_element(row, row + logits.cols);
    double sum = 0;
    for (std::int64_t j = 0; j < logits.cols; ++j) sum += std::exp(static_cast<double>(row[j] - largest));
    for (std::int64_t j = 0; j < logits.cols; ++j)
      out[j] = static_cast<float>(std::exp(static_cast<double>(row[j] - largest)) / sum);
  }
}

WeightedSum cross_entropy(ConstMatrixView logits, std::span<const int> labels,
                          std::span<const double> class_weights, double batch_weight, MatrixView d_logits) {
  WeightedSum loss;
  softmax(logits, d_logits);
  for (std::int64_t i = 0; i < logits.rows; ++i) {
    const auto label = static_cast<std::size_t>(labels[static_cast<std::size_t>(i)]);
    const double weight = class_weights.empty() ? 1.0 : class_weights[label];
    const float* row = logits.row(i);
    const double largest = *std::max_element(row, row + logits.cols);
    double sum = 0;
    for (std::int64_t j = 0; j < logits.cols; ++j) sum += std::exp(row[j] - largest);
    loss += {weight * (std::log(sum) + largest - row[label]), weight};
    float* gradient = d_logits.row(i);
    gradient[label] -= 1.0f;
    for (std::int64_t j = 0; j < logits.cols; ++j) gradient[j] *= static_cast<float>(weight / batch_weight);
  }
  return loss;
}

WeightedSum negative_log_likelihood(ConstMatrixView scores, std::span<const int> labels,
                                    std::span<const double> class_weights,
                                    std::span<const std::int64_t> targets, double batch_weight,
                                    MatrixView d_scores) {
  WeightedSum loss;
  for (std::int64_t i = 0; i < scores.rows; ++i) {
    const auto label = static_cast<std::size_t>(labels[static_cast<std::size_t>(i)]);
    const double weight = class_weights.empty() ? 1.0 : class_weights[label];
    loss +=
        {-weight * static_cast<double>(scores.row(i)[label]), weight * static_cast<double>(targets[label])};
    std::fill_n(d_scores.row(i), scores.cols, 0.0f);
    d_scores.row(i)[label] = static_cast<float>(-weight / batch_weight);
  }
  return loss;
}

}  // namespace incipit
