#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "ops/narrow.h"
#include "tensor/matrix.h"

namespace incipit {

/// What the layers of a stack keep between forward and backward. A Trace has matrices(), its large parts, and
/// vectors(), its small ones, each a std::array of pointers. Where the model multiplies in narrow numbers
/// anyway, the large parts wait in bf16: half of the memory that training takes besides the weights.
template <typename Trace>
class TraceStore {
 public:
  /// Of a pass that keeps layers from `first_kept` on, or, where there is none, no layer.
  void prepare(std::int64_t num_layers, std::optional<std::int64_t> first_kept, bool rounds) {
    first_kept_ = first_kept.value_or(num_layers);
    rounds_ = rounds;
    const std::int64_t kept = num_layers - first_kept_;
    if (kept == 0) return;
    if (rounds)
      rounded_.resize(static_cast<std::size_t>(num_layers));
    else
      exact_.resize(static_cast<std::size_t>(num_layers));
  }

  /// For a layer to fill on its way forward.
  Trace& open(std::int64_t layer) {
    if (keeps(layer) && !rounds_) return exact(layer);
    for (Matrix* matrix : shared_.matrices()) matrix->resize(0, 0);  // not every layer fills all
    return shared_;
  }

  /// When it has been filled and everybody has looked at it.
  void close(std::int64_t layer) {
    if (!keeps(layer) || !rounds_) return;
    Rounded& kept = rounded_[static_cast<std::size_t>(layer)];
    std::int64_t size = 0;
    kept.matrices.clear();
    for (const Matrix* matrix : shared_.matrices()) {
      kept.matrices.push_back({matrix->rows(), matrix->cols()});
      size += matrix->size();
    }
    kept.halves.resize(1, (size + 1) / 2);
    auto* halves = reinterpret_cast<std::uint16_t*>(kept.halves.data());
    for (const Matrix* matrix : shared_.matrices()) {
      round_to_bf16(matrix->data(), matrix->rows(), matrix->cols(), halves);
      halves += matrix->size();
    }
    kept.vectors.resize(shared_.vectors().size());
    std::size_t at = 0;
    for (const std::vector<float>* values : shared_.vectors()) kept.vectors[at++] = *values;
  }

  /// On the way back.
  const Trace& recall(std::int64_t layer) {
    if (!rounds_) return exact(layer);
    const Rounded& kept = rounded_[static_cast<std::size_t>(layer)];
    const auto* halves = reinterpret_cast<const std::uint16_t*>(kept.halves.data());
    std::size_t at = 0;
    for (Matrix* matrix : shared_.matrices()) {
      const auto [rows, cols] = kept.matrices[at++];
      matrix->resize(rows, cols);
      widen_bf16(halves, rows, cols, matrix->data());
      halves += matrix->size();
    }
    at = 0;
    for (std::vector<float>* values : shared_.vectors()) *values = kept.vectors[at++];
    return shared_;
  }

 private:
  struct Shape {
    std::int64_t rows, cols;
  };
  struct Rounded {
    Matrix halves;  // two a float, all matrices' one after the other
    std::vector<Shape> matrices;
    std::vector<std::vector<float>> vectors;
  };

  bool keeps(std::int64_t layer) const { return layer >= first_kept_; }
  Trace& exact(std::int64_t layer) { return exact_[static_cast<std::size_t>(layer)]; }

  std::int64_t first_kept_ = 0;
  bool rounds_ = false;
  Trace shared_;
  std::vector<Trace> exact_;      // [layers], or empty
  std::vector<Rounded> rounded_;  // the same
};

}  // namespace incipit
