#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tensor/matrix.h"

namespace incipit {

/// Cosines and sines of rotary position embeddings (Su et al. 2021, "RoFormer"): those of position p and
/// frequency i are of the angle p * frequencies[i]. Grows to the largest position asked for.
class RotaryTable {
 public:
  /// frequencies: [head_dim / 2], of each pair of a head's values.
  explicit RotaryTable(std::vector<float> frequencies) : frequencies_(std::move(frequencies)) {}

  std::int64_t pairs() const { return static_cast<std::int64_t>(frequencies_.size()); }
  /// Makes positions [0, count) ready.
  void reserve(std::int64_t count);
  /// cosines [pairs], then sines [pairs]; of a position that is ready.
  const float* at(std::int64_t position) const {
    return &values_[static_cast<std::size_t>(position * 2 * pairs())];
  }

 private:
  std::vector<float> frequencies_;
  std::vector<float> values_;  // [positions, 2, pairs]
};

/// Rotates every head of every row in place by its position: value i of a head and value i + head_dim / 2
/// are a pair, as transformers' rotate_half has it. x: [rows, heads*head_dim]; positions: [rows], ready in
/// the table.
void rotate(const RotaryTable& table, std::span<const std::int32_t> positions, MatrixView x);

/// The same by the opposite angle: the gradient of rotate(), in place.
void rotate_back(const RotaryTable& table, std::span<const std::int32_t> positions, MatrixView dx);

}  // namespace incipit
