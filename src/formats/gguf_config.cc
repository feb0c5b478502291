#include "formats/gguf_config.h"

#include <algorithm>
#include <array>

#include <fmt/ranges.h>

#include "formats/strict_json.h"
#include "formats/tensor_values.h"

namespace incipit {
namespace {

constexpr std::int64_t kMaxSize = INT64_C(1) << 31;
constexpr std::array<std::string_view, 3> kArchitectures = {"gpt2", "llama", "qwen2"};

Result<std::string> architecture_of(const GgufFile& file) {
  constexpr const char* kKey = "general.architecture";
  INCIPIT_TRY(const std::optional<std::string> name, file.text(kKey));
  if (!name) return fail("{}: {} is missing", file.path().string(), kKey);
  if (std::find(kArchitectures.begin(), kArchitectures.end(), *name) == kArchitectures.end())
    return fail("{}: {} {} is not supported; supported are {}", file.path().string(), kKey, quote_text(*name),
                fmt::join(kArchitectures, ", "));
  return *name;
}

/// Reads the keys of one architecture.
class Reader {
 public:
  Reader(const GgufFile& file, std::string architecture) : file_(file) {
    config_.architecture = std::move(architecture);
  }

  Result<GgufConfig> run() {
    INCIPIT_CHECK(refuse_what_is_not_read());
    INCIPIT_CHECK(read_sizes());
    INCIPIT_CHECK(read_heads());
    INCIPIT_CHECK(read_norm());
    INCIPIT_CHECK(read_tokens());
    if (config_.architecture != "gpt2") INCIPIT_CHECK(read_rope());
    return std::move(config_);
  }

 private:
  std::string key(std::string_view name) const { return fmt::format("{}.{}", config_.architecture, name); }
  std::string at_fault(std::string_view name) const {
    return fmt::format("{}: {}", file_.path().string(), key(name));
  }

  Result<std::int64_t> size(std::string_view name,
                            std::optional<std::int64_t> otherwise = std::nullopt) const {
    INCIPIT_TRY(const std::optional<std::int64_t> value, file_.integer(key(name), 1, kMaxSize));
    if (!value && !otherwise) return fail("{} is missing", at_fault(name));
    return value ? *value : *otherwise;
  }

  Result<std::optional<double>> positive(std::string_view name) const {
    INCIPIT_TRY(const std::optional<double> value, file_.number(key(name)));
    if (value && *value <= 0.0) return fail("{} must be above 0, not {}", at_fault(name), *value);
    return value;
  }

  Status refuse_what_is_not_read() const {
    INCIPIT_TRY(const auto parts, file_.integer("split.count", 0, kMaxSize));
    if (parts.value_or(1) > 1)
      return fail("{}: is one of {} parts (split.count); join them to one file with llama-gguf-split --merge",
                  file_.path().string(), *parts);
    INCIPIT_TRY(const auto experts, file_.integer(key("expert_count"), 0, kMaxSize));
    if (experts.value_or(0) > 0)
      return fail("{} is {}: a mixture of experts is not supported", at_fault("expert_count"), *experts);
    return {};
  }

  Status read_sizes() {
    INCIPIT_TRY(config_.hidden_size, size("embedding_length"));
    INCIPIT_TRY(config_.num_hidden_layers, size("block_count"));
    INCIPIT_TRY(config_.intermediate_size, size("feed_forward_length"));
    INCIPIT_TRY(config_.max_position_embeddings, size("context_length"));
    const GgufTensor* words = file_.find_tensor("token_embd.weight");
    if (words == nullptr) return fail("{}: tensor token_embd.weight is missing", file_.path().string());
    if (words->shape.size() != 2 || words->shape[1] != config_.hidden_size || words->shape[0] > kMaxSize)
      return fail("{}: tensor token_embd.weight has shape {}, [vocabulary, {}] is right",
                  file_.path().string(), shape_text(words->shape), config_.hidden_size);
    config_.vocab_size = words->shape[0];
    config_.attention_bias = file_.find_tensor("blk.0.attn_q.bias") != nullptr;
    config_.mlp_bias = file_.find_tensor("blk.0.ffn_up.bias") != nullptr;
    config_.tie_word_embeddings = file_.find_tensor("output.weight") == nullptr;
    return {};
  }

  Status read_heads() {
    INCIPIT_TRY(config_.num_attention_heads, size("attention.head_count"));
    INCIPIT_TRY(config_.num_key_value_heads, size("attention.head_count_kv", config_.num_attention_heads));
    if (config_.num_attention_heads % config_.num_key_value_heads != 0)
      return fail("{} {} must be a multiple of {} {}", at_fault("attention.head_count"),
                  config_.num_attention_heads, key("attention.head_count_kv"), config_.num_key_value_heads);
    const bool divides = config_.hidden_size % config_.num_attention_heads == 0;
    if (!divides && !file_.has(key("attention.key_length")))
      return fail("{} {} must be a multiple of {} {}", at_fault("embedding_length"), config_.hidden_size,
                  key("attention.head_count"), config_.num_attention_heads);
    INCIPIT_TRY(config_.head_dim,
                size("attention.key_length", config_.hidden_size / config_.num_attention_heads));
    INCIPIT_TRY(const std::int64_t value_length, size("attention.value_length", config_.head_dim));
    if (value_length != config_.head_dim)
      return fail("{} {} must be {} {}", at_fault("attention.value_length"), value_length,
                  key("attention.key_length"), config_.head_dim);
    return {};
  }

  Status read_norm() {
    const char* name =
        config_.architecture == "gpt2" ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon";
    INCIPIT_TRY(const std::optional<double> eps, positive(name));
    if (!eps) return fail("{} is missing", at_fault(name));
    config_.norm_eps = *eps;
    return {};
  }

  Status read_tokens() {
    const std::pair<const char*, std::optional<std::int64_t>*> ids[] = {
        {"tokenizer.ggml.bos_token_id", &config_.bos_token_id},
        {"tokenizer.ggml.eos_token_id", &config_.eos_token_id},
        {"tokenizer.ggml.eot_token_id", &config_.eot_token_id},
        {"tokenizer.ggml.padding_token_id", &config_.pad_token_id}};
    for (const auto& [name, id] : ids) {
      INCIPIT_TRY(*id, file_.integer(name, 0, config_.vocab_size - 1));
    }
    return {};
  }

  Status read_rope() {
    INCIPIT_TRY(const std::optional<double> base, positive("rope.freq_base"));
    config_.rope_theta = base.value_or(config_.rope_theta);
    INCIPIT_TRY(const std::int64_t rotated, size("rope.dimension_count", config_.head_dim));
    if (rotated != config_.head_dim || rotated % 2 != 0)
      return fail("{} is {}, only the whole of an even {} {} is supported", at_fault("rope.dimension_count"),
                  rotated, key("attention.key_length"), config_.head_dim);
    INCIPIT_CHECK(read_rope_scaling());
    return read_rope_factors();
  }

  Status read_rope_scaling() {
    INCIPIT_TRY(const std::optional<std::string> type, file_.text(key("rope.scaling.type")));
    INCIPIT_TRY(const std::optional<double> old_linear, positive("rope.scale_linear"));
    const std::string named = type.value_or(old_linear.value_or(1.0) != 1.0 ? "linear" : "none");
    if (named == "none") return {};
    if (named != "linear")
      return fail("{} {} is not supported; supported are none and linear", at_fault("rope.scaling.type"),
                  quote_text(named));
    INCIPIT_TRY(const std::optional<double> factor, positive("rope.scaling.factor"));
    if (!factor && !old_linear) return fail("{} is missing", at_fault("rope.scaling.factor"));
    config_.rope_linear_factor = factor ? *factor : *old_linear;
    return {};
  }

  Status read_rope_factors() {
    const GgufTensor* tensor = file_.find_tensor("rope_freqs.weight");
    if (tensor == nullptr) return {};
    const std::int64_t count = config_.head_dim / 2;
    if (tensor->shape != std::vector<std::int64_t>{count})
      return fail("{}: tensor rope_freqs.weight has shape {}, [{}] is right", file_.path().string(),
                  shape_text(tensor->shape), count);
    StoredTensor stored{tensor->name, tensor->type->dtype, tensor->shape, tensor->bytes};
    stored.blocks = tensor->type->blocks;
    INCIPIT_TRY(const Matrix factors, read_values(stored, 1, count, file_.path()));
    for (const float factor : factors.values())
      if (factor <= 0.0f)
        return fail("{}: tensor rope_freqs.weight holds {}, factors above 0 are right", file_.path().string(),
                    factor);
    config_.rope_factors.assign(factors.values().begin(), factors.values().end());
    return {};
  }

  const GgufFile& file_;
  GgufConfig config_;
};

}  // namespace

Result<GgufConfig> read_gguf_config(const GgufFile& file) {
  INCIPIT_TRY(std::string architecture, architecture_of(file));
  return Reader(file, std::move(architecture)).run();
}

HfConfig hf_config(const GgufConfig& config) {
  const bool gpt2 = config.architecture == "gpt2";
  HfConfig hf;
  hf.model_type = config.architecture;
  hf.architectures = {gpt2                             ? "GPT2LMHeadModel"
                      : config.architecture == "qwen2" ? "Qwen2ForCausalLM"
                                                       : "LlamaForCausalLM"};
  hf.vocab_size = config.vocab_size;
  hf.hidden_size = config.hidden_size;
  hf.num_hidden_layers = config.num_hidden_layers;
  hf.num_attention_heads = config.num_attention_heads;
  hf.intermediate_size = config.intermediate_size;
  hf.max_position_embeddings = config.max_position_embeddings;
  hf.pad_token_id = config.pad_token_id.value_or(0);
  hf.num_key_value_heads = config.num_key_value_heads;
  hf.head_dim = config.head_dim;
  hf.layer_norm_eps = hf.rms_norm_eps = config.norm_eps;
  hf.tie_word_embeddings = config.tie_word_embeddings;
  hf.attention_bias = config.attention_bias;
  hf.mlp_bias = config.mlp_bias;
  hf.rope.theta = config.rope_theta;
  if (config.rope_linear_factor != 1.0) hf.rope.type = "linear";
  hf.rope.factor = config.rope_linear_factor;
  hf.rope.divisors = config.rope_factors;
  hf.hidden_act = gpt2 ? "gelu_new" : "silu";
  // A GGUF file has no dropout rates: what transformers' configurations have unless told otherwise.
  hf.hidden_dropout = hf.embedding_dropout = hf.attention_dropout = hf.classifier_dropout = gpt2 ? 0.1 : 0.0;
  hf.labels = {"LABEL_0", "LABEL_1"};
  for (const std::optional<std::int64_t>& id : {config.eos_token_id, config.eot_token_id})
    if (id) hf.end_tokens.push_back(static_cast<std::int32_t>(*id));
  return hf;
}

}  // namespace incipit
