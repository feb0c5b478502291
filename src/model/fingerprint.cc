#include "model/fingerprint.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "backbone/checkpoint.h"

namespace incipit {
namespace {

constexpr std::size_t kSampledBytes =
    4096;  // at either end of a tensor: enough to tell weights apart, quick for all

/// The name below the base model's prefix, empty for a tensor that is not the backbone's.
std::string_view backbone_name(std::string_view name) {
  for (const std::string_view prefix : {"bert.", "roberta.", "distilbert."})
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  const std::array parts = {std::string_view("embeddings."), std::string_view("encoder."),
                            std::string_view("transformer.")};
  const bool ours =
      std::any_of(parts.begin(), parts.end(), [&](std::string_view part) { return name.starts_with(part); });
  return ours && !name.ends_with("position_ids") ? name : std::string_view();
}

}  // namespace

std::string fingerprint(const TensorStore& store, const HfConfig& config) {
  std::vector<std::pair<std::string, const StoredTensor*>> tensors;
  for (const StoredTensor& tensor : store.tensors())
    if (const std::string_view name = backbone_name(tensor.name); !name.empty())
      tensors.emplace_back(current_spelling(name), &tensor);
  std::sort(tensors.begin(), tensors.end());

  std::string digest = fmt::format("{} {} {} {} {}", config.hidden_size, config.num_hidden_layers,
                                   config.num_attention_heads, config.hidden_act, config.layer_norm_eps);
  for (const auto& [name, tensor] : tensors) {
    const std::size_t sampled = std::min(kSampledBytes, tensor->bytes.size());
    const auto head = XXH3_64bits(tensor->bytes.data(), sampled);
    const auto tail = XXH3_64bits(tensor->bytes.data() + tensor->bytes.size() - sampled, sampled);
    digest += fmt::format("\n{} {} {} {:x} {:x}", name, name_of(tensor->dtype), tensor->element_count(), head,
                          tail);
  }
  const XXH128_hash_t hash = XXH3_128bits(digest.data(), digest.size());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

}  // namespace incipit
