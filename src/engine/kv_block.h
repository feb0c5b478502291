#pragma once

#include <cstdint>
#include <vector>

#include "tensor/matrix.h"

namespace incipit {

/// Keys and values, as attention sees them (keys turned by their positions), of tokens that stand in front of
/// a sequence, kept by an earlier pass of the same backbone. Each layer has those of the tokens that had
/// joined by then.
class KvBlock {
 public:
  bool empty() const { return layers_.empty(); }
  std::int64_t num_layers() const { return static_cast<std::int64_t>(layers_.size()); }
  /// Floats of a row: a token's key and then its value.
  std::int64_t width() const { return width_; }
  std::int64_t rows(std::int64_t layer) const { return empty() ? 0 : keys_and_values(layer).rows; }
  /// [rows(layer), width()]
  ConstMatrixView keys_and_values(std::int64_t layer) const {
    const std::vector<float>& values = layers_[static_cast<std::size_t>(layer)];
    return {values.data(), static_cast<std::int64_t>(values.size()) / width_, width_, width_};
  }

  /// Appends tokens to a layer, lower layers first. rows: [tokens, width], of one width throughout.
  void append(std::int64_t layer, ConstMatrixView rows) {
    width_ = rows.cols;
    if (layer >= num_layers()) layers_.resize(static_cast<std::size_t>(layer) + 1);
    std::vector<float>& values = layers_[static_cast<std::size_t>(layer)];
    for (std::int64_t i = 0; i < rows.rows; ++i)
      values.insert(values.end(), rows.row(i), rows.row(i) + rows.cols);
  }

 private:
  std::vector<std::vector<float>> layers_;  // [layers][rows, width]
  std::int64_t width_ = 0;
};

}  // namespace incipit
