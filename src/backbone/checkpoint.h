#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "incipit/result.h"

#include "formats/safetensors.h"
#include "tensor/matrix.h"

namespace incipit {

/// A stored tensor's name as transformers calls it now: LayerNorm.gamma and .beta are its weight and bias.
std::string current_spelling(std::string_view name);

/// Reads a model's tensors by the names of transformers' *ForSequenceClassification, whichever way the file
/// spells them: with or without the base model's prefix ("bert."), LayerNorm as weight/bias or gamma/beta.
/// Remembers what was used.
class Checkpoint {
 public:
  /// prefix: with its dot, such as "roberta.".
  Checkpoint(TensorStore store, std::string prefix) : store_(std::move(store)), prefix_(std::move(prefix)) {}

  bool has(std::string_view name) const { return find(name) != nullptr; }
  Result<Matrix> matrix(std::string_view name, std::int64_t rows, std::int64_t cols);
  Result<std::vector<float>> vector(std::string_view name, std::int64_t size);
  /// Fails as matrix() where it is missing or of another shape, and counts as having asked; reads no number.
  Status expect(std::string_view name, std::int64_t rows, std::int64_t cols);

  const TensorStore& store() const { return store_; }
  /// Tensors of the file that nothing has asked for, in their current spelling.
  std::vector<std::string> unused() const;

 private:
  const StoredTensor* find(std::string_view name) const;
  Result<const StoredTensor*> take(std::string_view name);

  TensorStore store_;
  std::string prefix_;
  std::set<std::string, std::less<>> used_;
};

}  // namespace incipit
