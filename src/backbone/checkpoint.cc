#include "backbone/checkpoint.h"

#include <utility>

namespace incipit {
namespace {

/// TensorFlow's names of a LayerNorm's tensors, which old checkpoints keep.
std::string old_spelling(std::string_view name) {
  for (const auto& [now, before] : {std::pair<std::string_view, std::string_view>{"LayerNorm.weight", "LayerNorm.gamma"},
                                    {"LayerNorm.bias", "LayerNorm.beta"}})
    if (name.ends_with(now)) return std::string(name.substr(0, name.size() - now.size())) + std::string(before);
  return {};
}

}  // namespace

const StoredTensor* Checkpoint::find(std::string_view name) const {
  const std::string_view bare = name.starts_with(prefix_) ? name.substr(prefix_.size()) : name;
  for (const std::string_view spelling : {name, bare}) {
    if (const StoredTensor* tensor = store_.find(spelling)) return tensor;
    if (const std::string old = old_spelling(spelling); !old.empty())
      if (const StoredTensor* tensor = store_.find(old)) return tensor;
  }
  return nullptr;
}

Result<const StoredTensor*> Checkpoint::take(std::string_view name) {
  const StoredTensor* tensor = find(name);
  if (tensor == nullptr) return fail("{}: tensor {} is missing", store_.path().string(), name);
  used_.insert(tensor->name);
  return tensor;
}

Result<Matrix> Checkpoint::matrix(std::string_view name, std::int64_t rows, std::int64_t cols) {
  INCIPIT_TRY(const StoredTensor* tensor, take(name));
  return store_.matrix(tensor->name, rows, cols);
}

Result<std::vector<float>> Checkpoint::vector(std::string_view name, std::int64_t size) {
  INCIPIT_TRY(const StoredTensor* tensor, take(name));
  INCIPIT_TRY(const Matrix values, store_.vector(tensor->name, size));
  return std::vector<float>(values.values().begin(), values.values().end());
}

std::vector<std::string> Checkpoint::unused() const {
  std::vector<std::string> names;
  for (const StoredTensor& tensor : store_.tensors())
    if (!used_.contains(tensor.name)) names.push_back(tensor.name);
  return names;
}

}  // namespace incipit
