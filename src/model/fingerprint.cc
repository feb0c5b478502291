#include "model/fingerprint.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/ranges.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "backbone/checkpoint.h"
#include "formats/decoder_config.h"

namespace incipit {
namespace {

constexpr std::size_t kSampledBytes =
    4096;  // at either end of a tensor: enough to tell weights apart, quick for all

/// Where a backbone's tensors are: their prefixes, which a file may leave out, and how names go on below.
struct Names {
  std::vector<std::string_view> prefixes, parts;
};

const Names& names_of(const HfConfig& config) {
  static const Names encoder = {{"bert.", "roberta.", "distilbert."},
                                {"embeddings.", "encoder.", "transformer."}};
  static const Names gpt2 = {{"transformer."}, {"wte.", "wpe.", "h.", "ln_f."}};
  static const Names llama = {{"model."}, {"embed_tokens.", "layers.", "norm."}};
  if (!is_decoder_type(config.model_type)) return encoder;
  return config.model_type == "gpt2" ? gpt2 : llama;
}

/// The name below the base model's prefix, empty for a tensor that is not the backbone's.
std::string_view backbone_name(std::string_view name, const Names& names) {
  for (const std::string_view prefix : names.prefixes)
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  const bool ours = std::any_of(names.parts.begin(), names.parts.end(),
                                [&](std::string_view part) { return name.starts_with(part); });
  const bool buffer = name.ends_with("position_ids") || name.ends_with("attn.bias") ||
                      name.ends_with("attn.masked_bias") || name.ends_with("rotary_emb.inv_freq");
  return ours && !buffer ? name : std::string_view();
}

/// What decoders of equal tensors may differ in.
std::string decoder_digest(const HfConfig& config) {
  const RopeConfig& rope = config.rope;
  return fmt::format(" {} {} {} {} {} {} {} {} {} {} {} {}", config.num_key_value_heads, config.head_dim,
                     config.rms_norm_eps, rope.type, rope.theta, rope.factor, rope.low_freq_factor,
                     rope.high_freq_factor, rope.original_max_position_embeddings,
                     fmt::join(config.attention_windows, ","), config.scale_attn_weights,
                     config.scale_attn_by_inverse_layer_idx);
}

}  // namespace

std::string fingerprint(const TensorStore& store, const HfConfig& config) {
  std::vector<std::pair<std::string, const StoredTensor*>> tensors;
  for (const StoredTensor& tensor : store.tensors())
    if (const std::string_view name = backbone_name(tensor.name, names_of(config)); !name.empty())
      tensors.emplace_back(current_spelling(name), &tensor);
  std::sort(tensors.begin(), tensors.end());

  std::string digest = fmt::format("{} {} {} {} {}", config.hidden_size, config.num_hidden_layers,
                                   config.num_attention_heads, config.hidden_act, config.layer_norm_eps);
  if (is_decoder_type(config.model_type)) digest += decoder_digest(config);
  for (const auto& [name, tensor] : tensors) {
    const std::size_t sampled = std::min(kSampledBytes, tensor->bytes.size());
    const auto head = XXH3_64bits(tensor->bytes.data(), sampled);
    const auto tail = XXH3_64bits(tensor->bytes.data() + tensor->bytes.size() - sampled, sampled);
    digest +=
        fmt::format("\n{} {} {} {:x} {:x}", name, tensor->type_name(), tensor->element_count(), head, tail);
  }
  const XXH128_hash_t hash = XXH3_128bits(digest.data(), digest.size());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

}  // namespace incipit
