#include "backbone/decoder_loader.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "backbone/lm_head_loader.h"
#include "backbone/rope_frequencies.h"

namespace incipit {
namespace {

/// Reads the tensors of one model under their full names.
class DecoderReader {
 public:
  DecoderReader(const ModelSource& source, const DecoderFamily& family)
      : reader_(Checkpoint(source.store, family.prefix), source.precision, source.packed),
        config_(source.config),
        family_(family) {}

  Result<DecoderWeights> weights() {
    const DecoderNames& names = family_.names;
    DecoderWeights weights;
    INCIPIT_TRY(weights.word,
                reader_.embeddings(full(names.word) + ".weight", config_.vocab_size, config_.hidden_size));
    if (!names.position.empty()) {
      INCIPIT_TRY(weights.position, reader_.matrix(full(names.position) + ".weight",
                                                   config_.max_position_embeddings, config_.hidden_size));
    }
    for (std::int64_t l = 0; l < config_.num_hidden_layers; ++l) {
      INCIPIT_TRY(DecoderLayer layer, this->layer(l));
      weights.layers.push_back(std::move(layer));
    }
    INCIPIT_TRY(weights.final_norm, norm(full(names.final_norm)));
    return weights;
  }

  /// transformers' classification head of every decoder: `score`, without a bias.
  Result<HeadWeights> head(std::vector<std::string>& newly_initialised) {
    HeadWeights head;
    head.spec.output = "score";
    head.spec.output_has_bias = false;
    head.spec.dropout = 0;
    head.spec.initializer_range = config_.initializer_range;
    head.hidden_size = config_.hidden_size;
    if (!reader_.checkpoint().has("score.weight")) {
      newly_initialised.emplace_back("score.weight");
      return head;
    }
    head.output.emplace();
    INCIPIT_TRY(head.output->weight, reader_.checkpoint().matrix("score.weight", -1, config_.hidden_size));
    return head;
  }

  std::int64_t parameter_count() const { return reader_.parameter_count(); }
  /// Without the buffers that old releases saved, which transformers passes over in silence.
  std::vector<std::string> unused() {
    std::vector<std::string> names = reader_.checkpoint().unused();
    std::erase_if(names, [](const std::string& name) {
      return name.ends_with(".attn.bias") || name.ends_with("rotary_emb.inv_freq");
    });
    return names;
  }

 private:
  std::string full(std::string_view name) const { return family_.prefix + std::string(name); }

  Result<Norm> norm(const std::string& name) {
    if (!family_.has_layer_norm) {
      RmsNorm norm;
      INCIPIT_TRY(norm.weight, reader_.vector(name + ".weight", config_.hidden_size));
      norm.epsilon = static_cast<float>(config_.rms_norm_eps);
      return norm;
    }
    INCIPIT_TRY(LayerNorm norm, reader_.layer_norm(name, config_.hidden_size, config_.layer_norm_eps));
    return norm;
  }

  LinearSource source(std::vector<LinearSource::Part> parts, std::int64_t in, bool has_bias) const {
    return {std::move(parts), in, has_bias, family_.stores_transposed};
  }

  /// GPT-2's factors of the attention's scores besides 1/√head_dim, which the kernel has: they go into the
  /// queries.
  void scale_queries(std::int64_t layer, LinearSource& attention) const {
    double factor = 1;
    if (!config_.scale_attn_weights) factor *= std::sqrt(static_cast<double>(config_.head_dim));
    if (config_.scale_attn_by_inverse_layer_idx) factor /= static_cast<double>(layer + 1);
    attention.scaled_rows = config_.num_attention_heads * config_.head_dim;
    attention.factor = static_cast<float>(factor);
  }

  Result<DecoderLayer> layer(std::int64_t index) {
    const DecoderNames& names = family_.names;
    const std::string base = fmt::format("{}{}{}.", family_.prefix, names.layers, index);
    const auto name = [&](std::string_view part) { return base + std::string(part); };
    const std::int64_t hidden = config_.hidden_size, inner = config_.intermediate_size;
    const std::int64_t query = config_.num_attention_heads * config_.head_dim;
    const std::int64_t key = config_.num_key_value_heads * config_.head_dim;

    std::vector<LinearSource::Part> attention = {{name(names.query), query + 2 * key}};
    if (!names.key.empty())
      attention = {{name(names.query), query}, {name(names.key), key}, {name(names.value), key}};
    std::vector<LinearSource::Part> feed_forward = {{name(names.up), inner}};
    if (!names.gate.empty()) feed_forward.insert(feed_forward.begin(), {name(names.gate), inner});

    INCIPIT_TRY(Norm attention_norm, norm(name(names.attention_norm)));
    LinearSource attention_input = source(std::move(attention), hidden, family_.has_query_key_value_bias);
    scale_queries(index, attention_input);
    // Of the last layer only few rows have queries.
    const bool last = index == config_.num_hidden_layers - 1;
    std::optional<Linear> last_query;
    if (last) {
      INCIPIT_TRY(last_query, reader_.linear(attention_input, 0, query));
    }
    const std::int64_t first = last ? query : 0;
    INCIPIT_TRY(Linear query_key_value,
                reader_.linear(attention_input, first, attention_input.out() - first));
    INCIPIT_TRY(Linear output, reader_.linear(source({{name(names.attention_output), hidden}}, query,
                                                     family_.has_output_bias)));
    INCIPIT_TRY(Norm feed_forward_norm, norm(name(names.feed_forward_norm)));
    INCIPIT_TRY(Linear up, reader_.linear(source(std::move(feed_forward), hidden, family_.has_mlp_bias)));
    INCIPIT_TRY(Linear down,
                reader_.linear(source({{name(names.down), hidden}}, inner, family_.has_mlp_bias)));
    return DecoderLayer{std::move(attention_norm),
                        std::move(last_query),
                        std::move(query_key_value),
                        std::move(output),
                        std::move(feed_forward_norm),
                        std::move(up),
                        std::move(down)};
  }

  WeightReader reader_;
  const HfConfig& config_;
  const DecoderFamily& family_;
};

Result<DecoderShape> shape_of(const ModelSource& source, const DecoderFamily& family) {
  const HfConfig& config = source.config;
  const TensorStore& store = source.store;
  const std::optional<Activation> activation = activation_by_name(config.hidden_act);
  if (!activation || *activation == Activation::tanh)
    return fail(
        "{}: activation \"{}\" is not supported; supported are gelu, gelu_new, gelu_pytorch_tanh, relu, silu",
        store.path().string(), config.hidden_act);
  DecoderShape shape;
  shape.hidden_size = config.hidden_size;
  shape.attention = {config.num_attention_heads, config.head_dim, config.num_key_value_heads};
  shape.activation = *activation;
  shape.is_gated = !family.names.gate.empty();
  shape.windows = config.attention_windows;
  shape.embedding_dropout = static_cast<float>(config.embedding_dropout);
  shape.hidden_dropout = static_cast<float>(config.hidden_dropout);
  shape.attention_dropout = static_cast<float>(config.attention_dropout);
  shape.keeps_bf16 = shape.attention.may_round = source.precision != Precision::f32;
  if (family.names.position.empty()) {
    auto frequencies = rope_frequencies(config.rope, config.head_dim);
    if (!frequencies) return fail("{}: {}", store.path().string(), frequencies.error().message);
    shape.rotary_frequencies = std::move(*frequencies);
  }
  return shape;
}

}  // namespace

DecoderFamily llama_family(const HfConfig& config) {
  DecoderFamily family;
  family.prefix = "model.";
  family.names.word = "embed_tokens";
  family.names.layers = "layers.";
  family.names.final_norm = "norm";
  family.names.attention_norm = "input_layernorm";
  family.names.query = "self_attn.q_proj";
  family.names.key = "self_attn.k_proj";
  family.names.value = "self_attn.v_proj";
  family.names.attention_output = "self_attn.o_proj";
  family.names.feed_forward_norm = "post_attention_layernorm";
  family.names.gate = "mlp.gate_proj";
  family.names.up = "mlp.up_proj";
  family.names.down = "mlp.down_proj";
  family.has_query_key_value_bias = config.attention_bias;
  family.has_mlp_bias = config.mlp_bias;
  return family;
}

Result<LoadedBackbone> load_decoder(const ModelSource& source, const DecoderFamily& family) {
  const TensorStore& store = source.store;
  const HfConfig& config = source.config;
  if (config.num_hidden_layers > std::numeric_limits<std::uint8_t>::max())
    return fail("{}: {} layers, at most 255 are supported", store.path().string(), config.num_hidden_layers);
  INCIPIT_TRY(DecoderShape shape, shape_of(source, family));
  DecoderReader reader(source, family);
  LoadedBackbone loaded;
  INCIPIT_TRY(DecoderWeights weights, reader.weights());
  INCIPIT_TRY(loaded.head, reader.head(loaded.newly_initialised));
  loaded.unused = reader.unused();
  LmHeadNames lm_head;
  lm_head.prefix = family.prefix;
  lm_head.word_embedding = fmt::format("{}{}.weight", family.prefix, family.names.word);
  lm_head.decoder = "lm_head.weight";
  loaded.load_lm_head = lm_head_loader(store, config, std::move(lm_head), source.precision);

  BackboneSpec spec;
  spec.model_type = config.model_type;
  spec.hidden_size = config.hidden_size;
  spec.num_layers = config.num_hidden_layers;
  spec.num_attention_heads = config.num_attention_heads;
  spec.num_key_value_heads = config.num_key_value_heads;
  spec.head_dim = config.head_dim;
  spec.intermediate_size = config.intermediate_size;
  spec.is_gated = shape.is_gated;
  spec.vocab_size = config.vocab_size;
  spec.is_causal = true;
  spec.parameter_count = reader.parameter_count();
  spec.positions = {0, config.max_position_embeddings, std::nullopt};
  loaded.backbone = make_decoder(std::move(spec), std::move(shape), std::move(weights));
  return loaded;
}

}  // namespace incipit
