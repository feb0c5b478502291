#include "support/synthetic_model.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <numeric>

#include "base/file.h"
#include "base/rng.h"
#include "support/synthetic_decoder.h"

namespace incipit {
namespace {

constexpr std::uint64_t kIndexStep = 0xd1342543de82ef95u;

std::uint64_t fnv1a64(std::string_view text) {
  std::uint64_t value = 14695981039346656037u;
  for (const unsigned char byte : text) value = (value ^ byte) * 1099511628211u;
  return value;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

template <std::size_t N>
bool contains_any(std::string_view text, const std::array<std::string_view, N>& parts) {
  return std::ranges::any_of(parts, [&](std::string_view part) { return contains(text, part); });
}

bool is_norm(std::string_view name) {
  constexpr std::array<std::string_view, 4> kNorms{"LayerNorm", "layer_norm", "layernorm", "ln_"};
  return contains_any(name, kNorms) || name == "norm.weight";
}

void replace_end(std::string& text, std::string_view from, std::string_view to) {
  if (text.ends_with(from)) text.replace(text.size() - from.size(), from.size(), to);
}

std::string canonical_name(std::string_view name) {
  constexpr std::array<std::string_view, 4> kPrefixes{"bert.", "roberta.", "distilbert.", "model."};
  constexpr std::string_view kGpt2 = "transformer.";  // a bare DistilBERT has "transformer.layer."
  const auto prefix =
      std::ranges::find_if(kPrefixes, [&](std::string_view known) { return name.starts_with(known); });
  if (prefix != kPrefixes.end())
    name.remove_prefix(prefix->size());
  else if (name.starts_with(kGpt2) && !name.starts_with("transformer.layer."))
    name.remove_prefix(kGpt2.size());
  std::string result(name);
  replace_end(result, ".gamma", ".weight");
  replace_end(result, ".beta", ".bias");
  return result;
}

struct Range {
  double center = 0;
  float scale = 0;
};

Range range_of(std::string_view canonical, const std::vector<std::int64_t>& shape) {
  if (is_norm(canonical)) return {canonical.ends_with("weight") ? 1.0 : 0.0, 0.1f};
  if (shape.size() == 1) return {0.0, 0.1f};
  constexpr std::array<std::string_view, 4> kEmbeddings{"embeddings.", "embed_tokens", "wte", "wpe"};
  if (contains_any(canonical, kEmbeddings)) return {0.0, 0.5f};
  constexpr std::array<std::string_view, 10> kIntoAttention{"query", "key",    "value",  "q_lin",  "k_lin",
                                                            "v_lin", "q_proj", "k_proj", "v_proj", "c_attn"};
  constexpr std::array<std::string_view, 3> kStoredTransposed{"c_attn", "c_proj", "c_fc"};
  const auto fan_in = static_cast<double>(shape[contains_any(canonical, kStoredTransposed) ? 0 : 1]);
  return {0.0, static_cast<float>((contains_any(canonical, kIntoAttention) ? 1.5 : 1.0) *
                                  std::sqrt(3.0 / fan_in))};
}

std::int64_t element_count(const std::vector<std::int64_t>& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

// --- A checkpoint's tensors
// ---------------------------------------------------------------------------------------

using Specs = std::vector<TensorSpec>;

void add_linear(Specs& specs, const std::string& name, std::int64_t rows, std::int64_t cols) {
  specs.push_back({name + ".weight", {rows, cols}});
  specs.push_back({name + ".bias", {rows}});
}

void add_norm(Specs& specs, const std::string& name, std::int64_t size) {
  specs.push_back({name + ".weight", {size}});
  specs.push_back({name + ".bias", {size}});
}

struct Sizes {
  std::string model_type, prefix;
  std::int64_t vocab, positions, types, hidden, layers, inner, labels;
};

// Throws nlohmann's exceptions.
Sizes read_sizes(const nlohmann::json& config) {
  const auto size = [&](const char* key) { return config.at(key).get<std::int64_t>(); };
  Sizes s;
  s.model_type = config.at("model_type").get<std::string>();
  const bool distilbert = s.model_type == "distilbert";
  s.prefix = (distilbert || s.model_type == "bert" ? s.model_type : "roberta") + ".";
  s.vocab = size("vocab_size");
  s.positions = size("max_position_embeddings");
  s.types = distilbert ? 0 : size("type_vocab_size");
  s.hidden = size(distilbert ? "dim" : "hidden_size");
  s.layers = size(distilbert ? "n_layers" : "num_hidden_layers");
  s.inner = size(distilbert ? "hidden_dim" : "intermediate_size");
  s.labels = config.contains("id2label") ? static_cast<std::int64_t>(config["id2label"].size()) : 2;
  return s;
}

void add_embeddings(Specs& specs, const Sizes& s, bool position_ids) {
  const std::string name = "embeddings.";
  specs.push_back({name + "word_embeddings.weight", {s.vocab, s.hidden}});
  specs.push_back({name + "position_embeddings.weight", {s.positions, s.hidden}});
  if (s.types > 0) specs.push_back({name + "token_type_embeddings.weight", {s.types, s.hidden}});
  if (position_ids) specs.push_back({name + "position_ids", {1, s.positions}});
  add_norm(specs, name + "LayerNorm", s.hidden);
}

void add_bert_layer(Specs& specs, const Sizes& s, std::int64_t index) {
  const std::string layer = fmt::format("encoder.layer.{}.", index);
  for (const char* part : {"query", "key", "value"})
    add_linear(specs, layer + "attention.self." + part, s.hidden, s.hidden);
  add_linear(specs, layer + "attention.output.dense", s.hidden, s.hidden);
  add_norm(specs, layer + "attention.output.LayerNorm", s.hidden);
  add_linear(specs, layer + "intermediate.dense", s.inner, s.hidden);
  add_linear(specs, layer + "output.dense", s.hidden, s.inner);
  add_norm(specs, layer + "output.LayerNorm", s.hidden);
}

void add_distilbert_layer(Specs& specs, const Sizes& s, std::int64_t index) {
  const std::string layer = fmt::format("transformer.layer.{}.", index);
  for (const char* part : {"q_lin", "k_lin", "v_lin", "out_lin"})
    add_linear(specs, layer + "attention." + part, s.hidden, s.hidden);
  add_norm(specs, layer + "sa_layer_norm", s.hidden);
  add_linear(specs, layer + "ffn.lin1", s.inner, s.hidden);
  add_linear(specs, layer + "ffn.lin2", s.hidden, s.inner);
  add_norm(specs, layer + "output_layer_norm", s.hidden);
}

Specs backbone_tensors(const Sizes& s, const SyntheticOptions& options) {
  Specs specs;
  add_embeddings(specs, s, options.position_ids);
  const auto add_layer = s.model_type == "distilbert" ? add_distilbert_layer : add_bert_layer;
  for (std::int64_t i = 0; i < s.layers; ++i) add_layer(specs, s, i);
  if (s.model_type == "bert" && options.pooler) add_linear(specs, "pooler.dense", s.hidden, s.hidden);
  if (!options.prefix) return specs;
  for (TensorSpec& spec : specs) spec.name.insert(0, s.prefix);
  return specs;
}

void add_classifier(Specs& specs, const Sizes& s) {
  if (s.model_type == "bert") return add_linear(specs, "classifier", s.labels, s.hidden);
  if (s.model_type == "distilbert") {
    add_linear(specs, "pre_classifier", s.hidden, s.hidden);
    return add_linear(specs, "classifier", s.labels, s.hidden);
  }
  add_linear(specs, "classifier.dense", s.hidden, s.hidden);
  add_linear(specs, "classifier.out_proj", s.labels, s.hidden);
}

void add_lm_head(Specs& specs, const Sizes& s) {
  struct Names {
    const char *dense, *norm, *bias;
  };
  Names names{"lm_head.dense", "lm_head.layer_norm", "lm_head.bias"};
  if (s.model_type == "bert")
    names = {"cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm",
             "cls.predictions.bias"};
  if (s.model_type == "distilbert") names = {"vocab_transform", "vocab_layer_norm", "vocab_projector.bias"};
  add_linear(specs, names.dense, s.hidden, s.hidden);
  add_norm(specs, names.norm, s.hidden);
  specs.push_back({names.bias, {s.vocab}});
}

// --- Files
// --------------------------------------------------------------------------------------------------------

std::uint16_t to_bf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return static_cast<std::uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

// Rounds to nearest even; synthetic values are far below f16's largest.
std::uint16_t to_f16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (bits >> 16) & 0x8000u;
  const std::uint32_t magnitude = bits & 0x7fffffffu;
  const float absolute = std::bit_cast<float>(magnitude);
  if (absolute < 0x1p-14f)
    return static_cast<std::uint16_t>(sign | static_cast<std::uint32_t>(std::nearbyint(absolute * 0x1p24f)));
  const std::uint32_t rounded = magnitude + 0xfffu + ((magnitude >> 13) & 1u);
  return static_cast<std::uint16_t>(sign | ((rounded - (112u << 23)) >> 13));
}

template <typename T>
void append_bytes(std::string& out, T value) {
  std::array<char, sizeof(T)> bytes;
  std::memcpy(bytes.data(), &value, sizeof(T));
  out.append(bytes.data(), bytes.size());
}

struct Payload {
  const char* dtype;
  std::string bytes;
};

Payload payload_of(const TensorSpec& spec, DType dtype) {
  Payload payload{"I64", {}};
  if (spec.name.ends_with("position_ids")) {
    for (std::int64_t i = 0; i < element_count(spec.shape); ++i) append_bytes(payload.bytes, i);
    return payload;
  }
  payload.dtype = dtype == DType::f32 ? "F32" : dtype == DType::f16 ? "F16" : "BF16";
  for (const float value : synthetic_values(spec.name, spec.shape)) {
    if (dtype == DType::f32) append_bytes(payload.bytes, value);
    if (dtype == DType::f16) append_bytes(payload.bytes, to_f16(value));
    if (dtype == DType::bf16) append_bytes(payload.bytes, to_bf16(value));
  }
  return payload;
}

// A writer of its own, so that the library's reader is not only held against the library's writer.
std::string safetensors_bytes(const Specs& specs, DType dtype) {
  nlohmann::json header{{"__metadata__", {{"format", "pt"}}}};
  std::string data;
  for (const TensorSpec& spec : specs) {
    const Payload payload = payload_of(spec, dtype);
    header[spec.name] = {{"dtype", payload.dtype},
                         {"shape", spec.shape},
                         {"data_offsets", {data.size(), data.size() + payload.bytes.size()}}};
    data += payload.bytes;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  std::string file;
  append_bytes(file, static_cast<std::uint64_t>(text.size()));
  return file + text + data;
}

Status write_shards(const std::filesystem::path& folder, const Specs& specs,
                    const SyntheticOptions& options) {
  nlohmann::json weight_map;
  std::size_t total = 0;
  for (int shard = 0; shard < options.shards; ++shard) {
    const std::string name = fmt::format("model-{:05}-of-{:05}.safetensors", shard + 1, options.shards);
    Specs part;
    for (std::size_t i = static_cast<std::size_t>(shard); i < specs.size();
         i += static_cast<std::size_t>(options.shards))
      part.push_back(specs[i]);
    for (const TensorSpec& spec : part) weight_map[spec.name] = name;
    const std::string bytes = safetensors_bytes(part, options.dtype);
    total += bytes.size();
    INCIPIT_CHECK(write_file(folder / name, bytes));
  }
  const nlohmann::json index{{"metadata", {{"total_size", total}}}, {"weight_map", weight_map}};
  return write_file(folder / "model.safetensors.index.json", index.dump(2));
}

}  // namespace

std::vector<float> synthetic_values(std::string_view name, const std::vector<std::int64_t>& shape) {
  const std::string canonical = canonical_name(name);
  const std::uint64_t key = fnv1a64(canonical);
  const Range range = range_of(canonical, shape);
  std::vector<float> values(static_cast<std::size_t>(element_count(shape)));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint64_t bits = mix_bits(key ^ (i * kIndexStep)) >> 40;
    // The product is exact in double, so contracting it into an fma changes nothing.
    const double unit = static_cast<double>(bits) * 0x1p-23 - 1.0;
    values[i] = static_cast<float>(range.center + static_cast<double>(range.scale) * unit);
  }
  return values;
}

nlohmann::json tiny_config(std::string_view model_type, int num_labels) {
  nlohmann::json config{{"model_type", model_type}, {"vocab_size", 200}};
  if (is_decoder(model_type)) config = tiny_decoder_config(model_type);
  for (int i = 0; i < num_labels; ++i) config["id2label"][std::to_string(i)] = fmt::format("class_{}", i);
  if (is_decoder(model_type)) return config;
  if (model_type == "distilbert") {
    config.update({{"dim", 48}, {"n_layers", 3}, {"n_heads", 4}, {"hidden_dim", 96}});
    config.update({{"max_position_embeddings", 512}, {"pad_token_id", 0}});
    return config;
  }
  config.update(
      {{"hidden_size", 48}, {"num_hidden_layers", 3}, {"num_attention_heads", 4}, {"intermediate_size", 96}});
  if (model_type == "bert")
    config.update({{"max_position_embeddings", 512},
                   {"type_vocab_size", 2},
                   {"pad_token_id", 0},
                   {"layer_norm_eps", 1e-12}});
  else
    config.update({{"max_position_embeddings", 514},
                   {"type_vocab_size", 1},
                   {"pad_token_id", 1},
                   {"layer_norm_eps", 1e-5}});
  return config;
}

Result<Specs> checkpoint_tensors(const nlohmann::json& config, const SyntheticOptions& options) {
  try {
    if (is_decoder(config.at("model_type").get<std::string>())) return decoder_tensors(config, options);
    const Sizes sizes = read_sizes(config);
    Specs specs = backbone_tensors(sizes, options);
    if (options.classifier) add_classifier(specs, sizes);
    if (options.lm_head) add_lm_head(specs, sizes);
    if (!options.old_layer_norm_names) return specs;
    for (TensorSpec& spec : specs) {
      if (!contains(spec.name, "LayerNorm")) continue;
      replace_end(spec.name, ".weight", ".gamma");
      replace_end(spec.name, ".bias", ".beta");
    }
    return specs;
  } catch (const nlohmann::json::exception& e) {
    return fail("synthetic model's config: {}", e.what());
  }
}

Status write_synthetic_model(const std::filesystem::path& folder, const nlohmann::json& config,
                             const SyntheticOptions& options) {
  INCIPIT_TRY(const Specs specs, checkpoint_tensors(config, options));
  return write_synthetic_model(folder, config, specs, options);
}

Status write_synthetic_model(const std::filesystem::path& folder, const nlohmann::json& config,
                             const std::vector<TensorSpec>& tensors, const SyntheticOptions& options) {
  if (options.dtype != DType::f32 && options.dtype != DType::f16 && options.dtype != DType::bf16)
    return fail("synthetic model: dtype {} is none of f32, f16, bf16", name_of(options.dtype));
  Specs specs = tensors;
  std::ranges::sort(specs, {}, &TensorSpec::name);
  INCIPIT_CHECK(write_file(folder / "config.json", config.dump(2)));
  if (!options.tokenizer.empty()) {
    INCIPIT_TRY(const std::string tokenizer, read_file(options.tokenizer));
    INCIPIT_CHECK(write_file(folder / "tokenizer.json", tokenizer));
  }
  if (options.shards > 1) return write_shards(folder, specs, options);
  return write_file(folder / "model.safetensors", safetensors_bytes(specs, options.dtype));
}

}  // namespace incipit
