#include "formats/gguf_names.h"

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>

namespace incipit {
namespace {

using Rows = HfTensorName::Rows;

/// A module's name in either world, without ".weight" and ".bias". In a layer: below its own prefix.
struct Module {
  std::string_view gguf, hf;
  Rows rows = Rows::kept;   // applies to weight and bias
  bool transposed = false;  // to the weight alone
};

constexpr std::array kLlamaModules = {Module{"token_embd", "model.embed_tokens"},
                                      Module{"output_norm", "model.norm"}, Module{"output", "lm_head"}};

constexpr std::array kQwenLayer = {
    Module{"attn_norm", "input_layernorm"},    Module{"attn_q", "self_attn.q_proj"},
    Module{"attn_k", "self_attn.k_proj"},      Module{"attn_v", "self_attn.v_proj"},
    Module{"attn_output", "self_attn.o_proj"}, Module{"ffn_norm", "post_attention_layernorm"},
    Module{"ffn_gate", "mlp.gate_proj"},       Module{"ffn_up", "mlp.up_proj"},
    Module{"ffn_down", "mlp.down_proj"}};

constexpr auto llama_layer() {
  auto modules = kQwenLayer;
  modules[1].rows = Rows::query_heads;
  modules[2].rows = Rows::key_heads;
  return modules;
}
constexpr auto kLlamaLayer = llama_layer();

constexpr std::array kGpt2Modules = {Module{"token_embd", "transformer.wte"},
                                     Module{"position_embd", "transformer.wpe"},
                                     Module{"output_norm", "transformer.ln_f"}, Module{"output", "lm_head"}};

constexpr std::array kGpt2Layer = {Module{"attn_norm", "ln_1"},
                                   Module{"attn_qkv", "attn.c_attn", Rows::kept, true},
                                   Module{"attn_output", "attn.c_proj", Rows::kept, true},
                                   Module{"ffn_norm", "ln_2"},
                                   Module{"ffn_up", "mlp.c_fc", Rows::kept, true},
                                   Module{"ffn_down", "mlp.c_proj", Rows::kept, true}};

struct Architecture {
  std::string_view name, layers;
  std::span<const Module> modules, layer;
};

constexpr std::array kArchitectures = {Architecture{"llama", "model.layers.", kLlamaModules, kLlamaLayer},
                                       Architecture{"qwen2", "model.layers.", kLlamaModules, kQwenLayer},
                                       Architecture{"gpt2", "transformer.h.", kGpt2Modules, kGpt2Layer}};

/// "12.attn_q" -> "12."; empty where it does not start with a number.
std::string_view layer_number(std::string_view name) {
  const std::size_t dot = name.find('.');
  const bool number = dot != 0 && dot != name.npos &&
                      std::all_of(name.begin(), name.begin() + static_cast<std::ptrdiff_t>(dot),
                                  [](char c) { return c >= '0' && c <= '9'; });
  return number ? name.substr(0, dot + 1) : std::string_view();
}

}  // namespace

HfTensorName hf_tensor_name(std::string_view architecture, std::string_view name) {
  constexpr std::string_view kLayers = "blk.";
  const auto family = std::find_if(kArchitectures.begin(), kArchitectures.end(),
                                   [&](const Architecture& known) { return known.name == architecture; });
  const std::size_t end = name.rfind('.');
  if (family == kArchitectures.end() || end == name.npos) return {std::string(name)};
  const std::string_view suffix = name.substr(end);  // ".weight"
  std::string_view module = name.substr(0, end);
  std::span<const Module> known = family->modules;
  std::string prefix;
  if (module.starts_with(kLayers)) {
    const std::string_view number = layer_number(module.substr(kLayers.size()));
    if (number.empty()) return {std::string(name)};
    module.remove_prefix(kLayers.size() + number.size());
    known = family->layer;
    prefix = fmt::format("{}{}", family->layers, number);
  }
  const auto found =
      std::find_if(known.begin(), known.end(), [&](const Module& each) { return each.gguf == module; });
  if (found == known.end() || (suffix != ".weight" && suffix != ".bias")) return {std::string(name)};
  return {fmt::format("{}{}{}", prefix, found->hf, suffix), found->rows,
          found->transposed && suffix == ".weight"};
}

}  // namespace incipit
