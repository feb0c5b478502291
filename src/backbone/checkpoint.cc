#include "backbone/checkpoint.h"

#include <array>
#include <utility>

namespace incipit {
namespace {

using Spellings = std::pair<std::string_view, std::string_view>;
/// TensorFlow's names of a LayerNorm's tensors, which old checkpoints keep.
constexpr std::array kLayerNormSpellings = {Spellings{"LayerNorm.weight", "LayerNorm.gamma"},
                                            Spellings{"LayerNorm.bias", "LayerNorm.beta"}};

std::string replace_end(std::string_view name, std::string_view end, std::string_view by) {
  return std::string(name.substr(0, name.size() - end.size())) + std::string(by);
}

std::string old_spelling(std::string_view name) {
  for (const auto& [now, before] : kLayerNormSpellings)
    if (name.ends_with(now)) return replace_end(name, now, before);
  return {};
}

}  // namespace

std::string current_spelling(std::string_view name) {
  for (const auto& [now, before] : kLayerNormSpellings)
    if (name.ends_with(before)) return replace_end(name, before, now);
  return std::string(name);
}

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

Status Checkpoint::expect(std::string_view name, std::int64_t rows, std::int64_t cols) {
  INCIPIT_TRY(const StoredTensor* tensor, take(name));
  return store_.check_shape(tensor->name, rows, cols);
}

std::vector<std::string> Checkpoint::unused() const {
  std::vector<std::string> names;
  for (const StoredTensor& tensor : store_.tensors())
    if (!used_.contains(tensor.name)) names.push_back(current_spelling(tensor.name));
  return names;
}

}  // namespace incipit
