#include "formats/decoder_config.h"

#include <algorithm>
#include <utility>

#include "formats/config_fields.h"
#include "formats/end_tokens.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

/// What transformers' configuration class gives a family whose tensors and fields are called as Llama's.
struct Family {
  const char* model_type;
  std::int64_t vocab_size, intermediate_size, key_value_heads, max_positions;  // key_value_heads 0: as heads
  bool has_biases;     // reads attention_bias and mlp_bias
  bool always_biased;  // query, key and value have biases
  std::vector<std::int32_t> end_tokens;
};

const Family kFamilies[] = {
    {"llama", 32000, 11008, 0, 2048, true, false, {2}},
    {"mistral", 32000, 14336, 8, 4096 * 32, false, false, {2}},
    {"qwen2", 151936, 22016, 32, 32768, false, true, {}},
};

constexpr std::string_view kGpt2 = "gpt2";
constexpr std::int64_t kMaxLayers = 4096;  // windows are kept by layer
constexpr std::int64_t kDefaultWindow = 4096;

/// The first of some names that the file has.
const char* spelling(const ConfigFields& fields, const char* name, const char* other) {
  return fields.find(other) != nullptr ? other : name;
}

void read_gpt2(ConfigFields& fields, HfConfig& config) {
  config.vocab_size = fields.integer("vocab_size", 50257);
  config.hidden_size = fields.integer(spelling(fields, "n_embd", "hidden_size"), 768);
  config.num_hidden_layers = fields.integer(spelling(fields, "n_layer", "num_hidden_layers"), 12);
  config.num_attention_heads = fields.integer(spelling(fields, "n_head", "num_attention_heads"), 12);
  config.num_key_value_heads = config.num_attention_heads;
  config.intermediate_size = fields.optional_integer("n_inner", 4 * config.hidden_size);
  config.max_position_embeddings =
      fields.integer(spelling(fields, "n_positions", "max_position_embeddings"), 1024);
  config.layer_norm_eps = fields.number("layer_norm_epsilon", 1e-5, 0.0, 1.0);
  config.hidden_act = fields.text("activation_function", "gelu_new");
  config.hidden_dropout = fields.number("resid_pdrop", 0.1, 0.0, 1.0);
  config.embedding_dropout = fields.number("embd_pdrop", 0.1, 0.0, 1.0);
  config.attention_dropout = fields.number("attn_pdrop", 0.1, 0.0, 1.0);
  config.attention_bias = config.mlp_bias = true;
  config.end_tokens = {50256};
  config.scale_attn_weights = fields.truth("scale_attn_weights", true);
  config.scale_attn_by_inverse_layer_idx = fields.truth("scale_attn_by_inverse_layer_idx", false);
  config.tie_word_embeddings = fields.truth("tie_word_embeddings", true);
  if (fields.truth("add_cross_attention", false))
    fields.refuse("add_cross_attention", "is not supported and must be false", Json(true), 0);
}

void read_rope(ConfigFields& fields, HfConfig& config) {
  RopeConfig& rope = config.rope;
  rope.theta = fields.number("rope_theta", 10000, 1.0, 1e12);
  rope.original_max_position_embeddings = config.max_position_embeddings;
  const Json* parameters = fields.find("rope_scaling");
  if (parameters == nullptr || parameters->is_null()) parameters = fields.find("rope_parameters");
  if (parameters == nullptr || parameters->is_null()) return;
  if (!parameters->is_object()) {
    fields.refuse("rope_parameters", "must be an object", *parameters, 0);
    return;
  }
  ConfigFields own(*parameters, fields.file());
  rope.type = own.text(spelling(own, "type", "rope_type"), "default");
  rope.theta = own.number("rope_theta", rope.theta, 1.0, 1e12);
  if (rope.type == "linear" || rope.type == "llama3") rope.factor = own.number("factor", 0, 1e-3, 1e6);
  if (rope.type == "llama3") {
    rope.low_freq_factor = own.number("low_freq_factor", 0, 1e-3, 1e6);
    rope.high_freq_factor = own.number("high_freq_factor", 0, 1e-3, 1e6);
    rope.original_max_position_embeddings =
        own.integer("original_max_position_embeddings", config.max_position_embeddings);
  } else if (rope.type != "default" && rope.type != "linear") {
    own.refuse("rope_type", "must be default, linear or llama3", Json(rope.type), 0);
  }
  if (own.number("partial_rotary_factor", 1.0, 0.0, 1.0) != 1.0)
    own.refuse("partial_rotary_factor", "is not supported and must be 1", *own.find("partial_rotary_factor"),
               0);
  fields.merge(own);
}

Status check_rope(const RopeConfig& rope, const fs::path& file) {
  if (rope.type == "default") return {};
  if (rope.factor <= 0) return fail("{}: rope_type {} needs a factor", file.string(), rope.type);
  if (rope.type == "llama3" && !(rope.low_freq_factor > 0 && rope.high_freq_factor > rope.low_freq_factor))
    return fail("{}: rope_type llama3 needs low_freq_factor and a higher high_freq_factor", file.string());
  return {};
}

/// Mistral's window is every layer's. Qwen2's is that of the layers that layer_types names, else of those
/// from max_window_layers on, and only where use_sliding_window says so.
Status read_windows(ConfigFields& fields, HfConfig& config) {
  const auto layers = static_cast<std::size_t>(config.num_hidden_layers);
  const Json* stored = fields.find("sliding_window");
  const bool none = stored != nullptr && stored->is_null();
  const std::int64_t window = none ? 0 : fields.integer("sliding_window", kDefaultWindow);
  if (config.model_type == "mistral") {
    config.attention_windows.assign(layers, window);
    return {};
  }
  config.attention_windows.assign(layers, 0);
  const bool used = fields.truth("use_sliding_window", false) && window > 0;
  const std::int64_t first = fields.integer("max_window_layers", 28, 0);
  const std::vector<std::string> types = fields.texts("layer_types");
  INCIPIT_CHECK(fields.status());
  if (!types.empty() && types.size() != layers)
    return fail("{}: layer_types names {} layers, num_hidden_layers is {}", fields.file().string(),
                types.size(), layers);
  for (std::size_t l = 0; l < layers; ++l) {
    const bool slides =
        types.empty() ? used && static_cast<std::int64_t>(l) >= first : types[l] == "sliding_attention";
    if (!types.empty() && !slides && types[l] != "full_attention")
      return fail("{}: layer_types has {}, only full_attention and sliding_attention are supported",
                  fields.file().string(), quote_text(types[l]));
    if (slides && !used)
      return fail("{}: layer_types has sliding_attention, but no sliding_window is used",
                  fields.file().string());
    if (slides) config.attention_windows[l] = window;
  }
  return {};
}

Status read_llama_like(ConfigFields& fields, const Family& family, HfConfig& config) {
  config.vocab_size = fields.integer("vocab_size", family.vocab_size);
  config.hidden_size = fields.integer("hidden_size", 4096);
  config.num_hidden_layers = fields.integer("num_hidden_layers", 32);
  config.num_attention_heads = fields.integer("num_attention_heads", 32);
  const Json* shared = fields.find("num_key_value_heads");
  const bool as_heads = shared == nullptr ? family.key_value_heads == 0 : shared->is_null();
  config.num_key_value_heads =
      as_heads ? config.num_attention_heads : fields.integer("num_key_value_heads", family.key_value_heads);
  config.head_dim = fields.optional_integer("head_dim", 0);
  config.intermediate_size = fields.integer("intermediate_size", family.intermediate_size);
  config.max_position_embeddings = fields.integer("max_position_embeddings", family.max_positions);
  config.rms_norm_eps = fields.number("rms_norm_eps", 1e-6, 0.0, 1.0);
  config.hidden_act = fields.text("hidden_act", "silu");
  config.hidden_dropout = config.embedding_dropout = 0;
  config.end_tokens = family.end_tokens;
  config.attention_dropout = fields.optional_probability("attention_dropout", 0.0);
  config.attention_bias =
      family.always_biased || (family.has_biases && fields.truth("attention_bias", false));
  config.mlp_bias = family.has_biases && fields.truth("mlp_bias", false);
  config.tie_word_embeddings = fields.truth("tie_word_embeddings", false);
  read_rope(fields, config);
  INCIPIT_CHECK(fields.status());
  INCIPIT_CHECK(check_rope(config.rope, fields.file()));
  if (config.num_hidden_layers > kMaxLayers)
    return fail("{}: num_hidden_layers must be at most {}, not {}", fields.file().string(), kMaxLayers,
                config.num_hidden_layers);
  return family.model_type == std::string_view("llama") ? Status() : read_windows(fields, config);
}

Status check_heads(HfConfig& config, const fs::path& file) {
  if (config.head_dim == 0) {
    if (config.hidden_size % config.num_attention_heads != 0)
      return fail("{}: hidden_size {} must be a multiple of num_attention_heads {}", file.string(),
                  config.hidden_size, config.num_attention_heads);
    config.head_dim = config.hidden_size / config.num_attention_heads;
  }
  if (config.num_attention_heads % config.num_key_value_heads != 0)
    return fail("{}: num_attention_heads {} must be a multiple of num_key_value_heads {}", file.string(),
                config.num_attention_heads, config.num_key_value_heads);
  if (config.model_type != kGpt2 && config.head_dim % 2 != 0)
    return fail("{}: head_dim {} must be even: rotary positions turn pairs", file.string(), config.head_dim);
  return {};
}

}  // namespace

bool is_decoder_type(std::string_view model_type) {
  return model_type == kGpt2 || std::any_of(std::begin(kFamilies), std::end(kFamilies),
                                            [&](const Family& f) { return f.model_type == model_type; });
}

Status read_decoder_config(const Json& json, const fs::path& file, HfConfig& config) {
  ConfigFields fields(json, file);
  if (config.model_type == kGpt2) {
    read_gpt2(fields, config);
  } else {
    const Family* family = std::find_if(std::begin(kFamilies), std::end(kFamilies),
                                        [&](const Family& f) { return f.model_type == config.model_type; });
    INCIPIT_CHECK(read_llama_like(fields, *family, config));
  }
  INCIPIT_TRY(auto end_tokens, read_end_tokens(json, file));
  if (end_tokens) config.end_tokens = std::move(*end_tokens);
  config.initializer_range = fields.number("initializer_range", 0.02, 0.0, 1e3);
  config.classifier_dropout = 0;  // their classification head has none
  INCIPIT_CHECK(fields.status());
  if (config.layer_norm_eps <= 0.0 || config.rms_norm_eps <= 0.0)
    return fail("{}: {} must be above 0", file.string(),
                config.model_type == kGpt2 ? "layer_norm_epsilon" : "rms_norm_eps");
  return check_heads(config, file);
}

}  // namespace incipit
