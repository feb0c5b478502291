#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "incipit/model.h"

namespace incipit {

/// The words of a vocabulary that a virtual token can lie near: its ordinary ones that have an embedding
/// other than zero. Embeddings are copied when asked for: all of them can be a gigabyte.
class WordTable {
 public:
  /// The model must outlive it.
  explicit WordTable(const Model& model);

  std::int64_t size() const { return static_cast<std::int64_t>(ids_.size()); }
  std::int64_t hidden_size() const { return model_.info().hidden_size; }
  std::int32_t id(std::int64_t word) const { return ids_[static_cast<std::size_t>(word)]; }
  double norm(std::int64_t word) const { return norms_[static_cast<std::size_t>(word)]; }
  double median_norm() const;  // 0 without words
  std::string piece(std::int64_t word) const;
  /// out: [hidden]
  void embedding(std::int64_t word, std::span<float> out) const;

 private:
  const Model& model_;
  std::vector<std::int32_t> ids_;  // rising
  std::vector<double> norms_;
};

}  // namespace incipit
