#include "formats/hf_config.h"

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include <nlohmann/json.hpp>

#include "formats/config_fields.h"
#include "formats/decoder_config.h"
#include "formats/strict_json.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::int64_t kMaxLabels = INT64_C(1) << 20;

/// What a family of model_types calls its fields, and what transformers' configuration class gives them.
struct Family {
  const char* hidden_size;
  const char* num_hidden_layers;
  const char* num_attention_heads;
  const char* intermediate_size;
  const char* hidden_act;
  const char* hidden_dropout;
  const char* attention_dropout;
  const char* classifier_dropout;
  std::optional<double> classifier_dropout_default;  // none: as hidden_dropout
  bool has_token_types;
  bool pads_positions;  // positions count from pad_token_id, so that it must be known
  std::int64_t default_vocab_size;
  std::int64_t default_layers;
  std::int64_t default_pad_token_id;
};

constexpr Family kBert = {"hidden_size",
                          "num_hidden_layers",
                          "num_attention_heads",
                          "intermediate_size",
                          "hidden_act",
                          "hidden_dropout_prob",
                          "attention_probs_dropout_prob",
                          "classifier_dropout",
                          std::nullopt,
                          true,
                          false,
                          30522,
                          12,
                          0};

constexpr Family roberta_family(std::int64_t vocab_size) {
  Family family = kBert;
  family.pads_positions = true;
  family.default_vocab_size = vocab_size;
  family.default_pad_token_id = 1;
  return family;
}

constexpr Family kDistilBert = {"dim",
                                "n_layers",
                                "n_heads",
                                "hidden_dim",
                                "activation",
                                "dropout",
                                "attention_dropout",
                                "seq_classif_dropout",
                                0.2,
                                false,
                                false,
                                30522,
                                6,
                                0};

std::optional<Family> family_of(std::string_view model_type) {
  if (model_type == "bert") return kBert;
  if (model_type == "roberta") return roberta_family(50265);
  // transformers gives these BERT's vocabulary size.
  if (model_type == "xlm-roberta" || model_type == "camembert") return roberta_family(30522);
  if (model_type == "distilbert") return kDistilBert;
  return std::nullopt;
}

void read_sizes(ConfigFields& fields, const Family& family, HfConfig& config) {
  config.vocab_size = fields.integer("vocab_size", family.default_vocab_size);
  config.hidden_size = fields.integer(family.hidden_size, 768);
  config.num_hidden_layers = fields.integer(family.num_hidden_layers, family.default_layers);
  config.num_attention_heads = fields.integer(family.num_attention_heads, 12);
  config.intermediate_size = fields.integer(family.intermediate_size, 3072);
  config.max_position_embeddings = fields.integer("max_position_embeddings", 512);
  config.type_vocab_size = family.has_token_types ? fields.integer("type_vocab_size", 2) : 0;
  const Json* pad = fields.find("pad_token_id");
  const bool no_pad = pad != nullptr && pad->is_null() && !family.pads_positions;
  config.pad_token_id = no_pad ? 0 : fields.integer("pad_token_id", family.default_pad_token_id, 0);
}

void read_numbers(ConfigFields& fields, const Family& family, HfConfig& config) {
  // DistilBERT's modelling code has 1e-12 fixed and ignores the field.
  if (family.has_token_types) config.layer_norm_eps = fields.number("layer_norm_eps", 1e-12, 0.0, 1.0);
  config.initializer_range = fields.number("initializer_range", 0.02, 0.0, 1e3);
  config.hidden_dropout = fields.number(family.hidden_dropout, 0.1, 0.0, 1.0);
  config.attention_dropout = fields.number(family.attention_dropout, 0.1, 0.0, 1.0);
  config.classifier_dropout = fields.optional_probability(
      family.classifier_dropout, family.classifier_dropout_default.value_or(config.hidden_dropout));
  config.hidden_act = fields.text(family.hidden_act, "gelu");
}

/// Another name that transformers' DistilBertConfig takes for some fields; it wins where both are given.
Json with_distilbert_aliases(Json json) {
  constexpr std::pair<const char*, const char*> kAliases[] = {
      {"hidden_size", "dim"}, {"num_attention_heads", "n_heads"}, {"num_hidden_layers", "n_layers"}};
  for (const auto& [alias, name] : kAliases)
    if (const auto found = json.find(alias); found != json.end()) json[name] = Json(*found);
  return json;
}

/// Sizes of a model_type that we do not know, under the common names, where they are usable at all.
void read_what_is_there(const Json& json, HfConfig& config) {
  const std::pair<const char*, std::int64_t*> names[] = {
      {"vocab_size", &config.vocab_size},
      {"hidden_size", &config.hidden_size},
      {"num_hidden_layers", &config.num_hidden_layers},
      {"num_attention_heads", &config.num_attention_heads},
      {"intermediate_size", &config.intermediate_size},
      {"max_position_embeddings", &config.max_position_embeddings},
      {"type_vocab_size", &config.type_vocab_size}};
  for (const auto& [name, field] : names) {
    const auto value = json.find(name);
    if (value == json.end() || !value->is_number_unsigned()) continue;
    const auto size = value->get<std::uint64_t>();
    if (size <= static_cast<std::uint64_t>(ConfigFields::kMaxSize)) *field = static_cast<std::int64_t>(size);
  }
}

/// The labels by id of a valid id2label; nothing where the ids are not 0, 1, … or a name is not text or a
/// number.
std::optional<std::vector<std::string>> names_by_id(const Json& id2label) {
  std::vector<std::optional<std::string>> names(id2label.size());
  for (const auto& [key, name] : id2label.items()) {
    std::size_t id = 0;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), id);
    if (error != std::errc() || end != key.data() + key.size() || id >= names.size() || names[id])
      return std::nullopt;
    if (!name.is_string() && !name.is_number()) return std::nullopt;
    names[id] = name.is_string() ? name.get<std::string>() : name.dump();
  }
  std::vector<std::string> labels;
  for (auto& name : names) labels.push_back(std::move(*name));
  return labels;
}

/// As transformers: id2label names them, unless num_labels is there and disagrees with its size.
void read_labels(ConfigFields& fields, HfConfig& config) {
  const Json* id2label = fields.find("id2label");
  const bool named = id2label != nullptr && !id2label->is_null();
  if (named && (!id2label->is_object() || id2label->empty())) {
    fields.refuse("id2label", "must be an object of at least one label", *id2label, 0);
    return;
  }
  const auto named_count = named ? static_cast<std::int64_t>(id2label->size()) : 2;
  const Json* num_labels = fields.find("num_labels");
  const bool counted = num_labels != nullptr && !(named && num_labels->is_null());
  const std::int64_t count = counted ? fields.integer("num_labels", named_count) : named_count;
  if (count > kMaxLabels) {
    fields.refuse("num_labels", fmt::format("must be at most {}", kMaxLabels), Json(count), 0);
    return;
  }
  if (named && count == named_count) {
    if (auto labels = names_by_id(*id2label))
      config.labels = std::move(*labels);
    else
      fields.refuse("id2label", fmt::format("must name the ids 0 to {} with strings", count - 1), *id2label,
                    0);
    return;
  }
  for (std::int64_t id = 0; id < count; ++id) config.labels.push_back(fmt::format("LABEL_{}", id));
}

Status check_consistency(const HfConfig& config, const Family& family, ConfigFields& fields,
                         const fs::path& file) {
  INCIPIT_CHECK(fields.status());
  if (config.hidden_size % config.num_attention_heads != 0)
    return fail("{}: {} {} must be a multiple of {} {}", file.string(), family.hidden_size,
                config.hidden_size, family.num_attention_heads, config.num_attention_heads);
  if (config.pad_token_id >= config.vocab_size)
    return fail("{}: pad_token_id {} must be below vocab_size {}", file.string(), config.pad_token_id,
                config.vocab_size);
  if (config.layer_norm_eps <= 0.0) return fail("{}: layer_norm_eps must be above 0", file.string());
  const std::string position_type = fields.text("position_embedding_type", "absolute");
  INCIPIT_CHECK(fields.status());
  if (position_type != "absolute")
    return fail("{}: position_embedding_type {} is not supported, only \"absolute\" is", file.string(),
                quote_text(position_type));
  return {};
}

}  // namespace

Result<HfConfig> read_hf_config(const fs::path& path) {
  std::error_code ignored;  // what is not a folder is opened as a file, which says what is wrong with it
  const fs::path file = fs::is_directory(path, ignored) ? path / "config.json" : path;
  INCIPIT_TRY(Json json, read_json_object(file));
  HfConfig config;
  {
    ConfigFields fields(json, file);
    config.model_type = fields.text("model_type", "");
    config.architectures = fields.texts("architectures");
    read_labels(fields, config);
    INCIPIT_CHECK(fields.status());
  }
  if (config.model_type.empty())
    return fail("{}: model_type is missing; it names the architecture, such as \"bert\"", file.string());
  if (is_decoder_type(config.model_type)) {
    INCIPIT_CHECK(read_decoder_config(json, file, config));
    return config;
  }
  const std::optional<Family> family = family_of(config.model_type);
  if (!family) {
    read_what_is_there(json, config);
    return config;
  }
  if (config.model_type == "distilbert") json = with_distilbert_aliases(std::move(json));
  ConfigFields fields(json, file);
  read_sizes(fields, *family, config);
  read_numbers(fields, *family, config);
  INCIPIT_CHECK(check_consistency(config, *family, fields, file));
  config.num_key_value_heads = config.num_attention_heads;
  config.head_dim = config.hidden_size / config.num_attention_heads;
  config.tie_word_embeddings = fields.truth("tie_word_embeddings", true);
  INCIPIT_CHECK(fields.status());
  return config;
}

}  // namespace incipit
