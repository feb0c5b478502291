#include "support/synthetic_decoder.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace incipit {
namespace {

using Specs = std::vector<TensorSpec>;

void add(Specs& specs, const std::string& name, std::vector<std::int64_t> shape, std::int64_t bias = 0) {
  specs.push_back({name + ".weight", std::move(shape)});
  if (bias > 0) specs.push_back({name + ".bias", {bias}});
}

Specs gpt2_backbone(const nlohmann::json& config) {
  const std::int64_t hidden = config.at("n_embd");
  const bool has_inner = config.contains("n_inner") && !config["n_inner"].is_null();
  const std::int64_t inner = has_inner ? config["n_inner"].get<std::int64_t>() : 4 * hidden;
  Specs specs;
  add(specs, "wte", {config.at("vocab_size"), hidden});
  add(specs, "wpe", {config.at("n_positions"), hidden});
  for (std::int64_t i = 0; i < config.at("n_layer").get<std::int64_t>(); ++i) {
    const std::string layer = fmt::format("h.{}.", i);
    add(specs, layer + "ln_1", {hidden}, hidden);
    add(specs, layer + "ln_2", {hidden}, hidden);
    add(specs, layer + "attn.c_attn", {hidden, 3 * hidden}, 3 * hidden);
    add(specs, layer + "attn.c_proj", {hidden, hidden}, hidden);
    add(specs, layer + "mlp.c_fc", {hidden, inner}, inner);
    add(specs, layer + "mlp.c_proj", {inner, hidden}, hidden);
  }
  add(specs, "ln_f", {hidden}, hidden);
  return specs;
}

Specs llama_backbone(const nlohmann::json& config) {
  const std::int64_t hidden = config.at("hidden_size"), inner = config.at("intermediate_size");
  const std::int64_t heads = config.at("num_attention_heads");
  const std::int64_t head_dim = config.value("head_dim", hidden / heads);
  const std::int64_t query = heads * head_dim, key = config.value("num_key_value_heads", heads) * head_dim;
  const bool attention_bias = config.value("attention_bias", false),
             mlp_bias = config.value("mlp_bias", false);
  const bool key_bias = attention_bias || config.at("model_type") == "qwen2";
  Specs specs;
  add(specs, "embed_tokens", {config.at("vocab_size"), hidden});
  for (std::int64_t i = 0; i < config.at("num_hidden_layers").get<std::int64_t>(); ++i) {
    const std::string layer = fmt::format("layers.{}.", i);
    add(specs, layer + "input_layernorm", {hidden});
    add(specs, layer + "post_attention_layernorm", {hidden});
    add(specs, layer + "self_attn.q_proj", {query, hidden}, key_bias ? query : 0);
    add(specs, layer + "self_attn.k_proj", {key, hidden}, key_bias ? key : 0);
    add(specs, layer + "self_attn.v_proj", {key, hidden}, key_bias ? key : 0);
    add(specs, layer + "self_attn.o_proj", {hidden, query}, attention_bias ? hidden : 0);
    add(specs, layer + "mlp.gate_proj", {inner, hidden}, mlp_bias ? inner : 0);
    add(specs, layer + "mlp.up_proj", {inner, hidden}, mlp_bias ? inner : 0);
    add(specs, layer + "mlp.down_proj", {hidden, inner}, mlp_bias ? hidden : 0);
  }
  add(specs, "norm", {hidden});
  return specs;
}

}  // namespace

bool is_decoder(std::string_view model_type) {
  constexpr std::array<std::string_view, 4> kTypes{"gpt2", "llama", "mistral", "qwen2"};
  return std::find(kTypes.begin(), kTypes.end(), model_type) != kTypes.end();
}

nlohmann::json tiny_decoder_config(std::string_view model_type) {
  nlohmann::json config{{"model_type", model_type}, {"vocab_size", 200}};
  if (model_type == "gpt2")
    config.update({{"n_embd", 48}, {"n_layer", 3}, {"n_head", 4}, {"n_inner", 96}, {"n_positions", 512}});
  else
    config.update({{"hidden_size", 48},
                   {"num_hidden_layers", 3},
                   {"num_attention_heads", 4},
                   {"num_key_value_heads", 2},
                   {"intermediate_size", 96},
                   {"max_position_embeddings", 512}});
  return config;
}

std::vector<TensorSpec> decoder_tensors(const nlohmann::json& config, const SyntheticOptions& options) {
  const bool gpt2 = config.at("model_type") == "gpt2";
  const std::int64_t hidden = config.at(gpt2 ? "n_embd" : "hidden_size");
  Specs specs = gpt2 ? gpt2_backbone(config) : llama_backbone(config);
  if (options.prefix)
    for (TensorSpec& spec : specs) spec.name.insert(0, gpt2 ? "transformer." : "model.");
  if (options.classifier)
    add(specs, "score", {config.contains("id2label") ? std::ssize(config["id2label"]) : 2, hidden});
  if (options.lm_head && !config.value("tie_word_embeddings", gpt2))
    add(specs, "lm_head", {config.at("vocab_size"), hidden});
  return specs;
}

}  // namespace incipit
