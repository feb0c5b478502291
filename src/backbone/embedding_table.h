#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tensor/matrix.h"

namespace incipit {

/// A model's word embeddings [words, hidden]. Held in bf16, which halves the memory, where they are rounded
/// anyway or lose nothing by it (most decoders' files have them so); else in f32.
class EmbeddingTable {
 public:
  EmbeddingTable() = default;
  EmbeddingTable(Matrix embeddings, bool in_bf16);

  std::int64_t rows() const { return rows_; }
  /// out: [hidden].
  void copy_row(std::int64_t row, std::span<float> out) const;

 private:
  std::int64_t rows_ = 0;
  Matrix floats_;                      // [words, hidden], or empty
  std::vector<std::uint16_t> halves_;  // the same in bf16, or empty
};

}  // namespace incipit
