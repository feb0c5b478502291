#include "backbone/encoder_loader.h"

#include <algorithm>
#include <limits>

namespace incipit {
namespace {

/// Reads the tensors of one model under their full names.
class EncoderReader {
 public:
  EncoderReader(const ModelSource& source, const EncoderFamily& family)
      : reader_(Checkpoint(source.store, family.prefix), source.precision, source.packed),
        config_(source.config),
        family_(family) {}

  Result<EncoderWeights> weights() {
    EncoderWeights weights;
    INCIPIT_TRY(weights.embeddings, embeddings());
    for (std::int64_t l = 0; l < config_.num_hidden_layers; ++l) {
      INCIPIT_TRY(EncoderLayer layer, this->layer(fmt::format("{}{}{}.", family_.prefix, family_.layers, l)));
      weights.layers.push_back(std::move(layer));
    }
    return weights;
  }

  Result<HeadWeights> head(HeadSpec spec, std::vector<std::string>& newly_initialised) {
    HeadWeights head;
    INCIPIT_TRY(head.dense, head_layer(spec.dense, config_.hidden_size, newly_initialised));
    // The output has as many rows as the file says; whether they fit the labels is the adapter's concern.
    INCIPIT_TRY(head.output, head_layer(spec.output, -1, newly_initialised));
    head.spec = std::move(spec);
    head.hidden_size = config_.hidden_size;
    return head;
  }

  std::int64_t parameter_count() const { return reader_.parameter_count(); }
  std::vector<std::string> unused() { return reader_.checkpoint().unused(); }

 private:
  Result<LayerNorm> norm(const std::string& name) {
    return reader_.layer_norm(name, config_.hidden_size, config_.layer_norm_eps);
  }

  Result<EncoderEmbeddings> embeddings() {
    const std::string base = family_.prefix + "embeddings.";
    EncoderEmbeddings table;
    INCIPIT_TRY(table.word,
                reader_.embeddings(base + "word_embeddings.weight", config_.vocab_size, config_.hidden_size));
    INCIPIT_TRY(table.position, reader_.matrix(base + "position_embeddings.weight",
                                               config_.max_position_embeddings, config_.hidden_size));
    if (family_.has_token_types) {
      INCIPIT_TRY(table.type, reader_.matrix(base + "token_type_embeddings.weight", config_.type_vocab_size,
                                             config_.hidden_size));
    }
    INCIPIT_TRY(table.norm, norm(base + "LayerNorm"));
    return table;
  }

  Result<EncoderLayer> layer(const std::string& base) {
    const std::int64_t hidden = config_.hidden_size, inner = config_.intermediate_size;
    const auto name = [&](std::string_view part) { return base + std::string(part); };
    const LayerNames& names = family_.names;
    const auto linear = [&](std::vector<LinearSource::Part> parts, std::int64_t in) {
      return reader_.linear({std::move(parts), in});
    };
    INCIPIT_TRY(Linear query, linear({{name(names.query), hidden}}, hidden));
    // Both read the same input.
    INCIPIT_TRY(Linear key_value, linear({{name(names.key), hidden}, {name(names.value), hidden}}, hidden));
    INCIPIT_TRY(Linear attention_output, linear({{name(names.attention_output), hidden}}, hidden));
    INCIPIT_TRY(LayerNorm attention_norm, norm(name(names.attention_norm)));
    INCIPIT_TRY(Linear up, linear({{name(names.up), inner}}, hidden));
    INCIPIT_TRY(Linear down, linear({{name(names.down), hidden}}, inner));
    INCIPIT_TRY(LayerNorm output_norm, norm(name(names.output_norm)));
    return EncoderLayer{std::move(query),      std::move(key_value), std::move(attention_output),
                        std::move(up),         std::move(down),      std::move(attention_norm),
                        std::move(output_norm)};
  }

  Result<std::optional<HeadLayerWeights>> head_layer(const std::string& name, std::int64_t rows,
                                                     std::vector<std::string>& newly_initialised) {
    Checkpoint& checkpoint = reader_.checkpoint();
    const std::string weight = name + ".weight", bias = name + ".bias";
    for (const std::string& tensor : {weight, bias})
      if (!checkpoint.has(tensor)) newly_initialised.push_back(tensor);
    if (!checkpoint.has(weight) || !checkpoint.has(bias)) return std::nullopt;
    HeadLayerWeights layer;
    INCIPIT_TRY(layer.weight, checkpoint.matrix(weight, rows, config_.hidden_size));
    INCIPIT_TRY(layer.bias, checkpoint.vector(bias, layer.weight.rows()));
    return layer;
  }

  WeightReader reader_;
  const HfConfig& config_;
  const EncoderFamily& family_;
};

}  // namespace

Result<LoadedBackbone> load_encoder(const ModelSource& source, const EncoderFamily& family, HeadSpec head,
                                    LmHeadNames lm_head) {
  const TensorStore& store = source.store;
  const HfConfig& config = source.config;
  const std::optional<Activation> activation = activation_by_name(config.hidden_act);
  if (!activation || *activation == Activation::tanh)
    return fail(
        "{}: hidden_act \"{}\" is not supported; supported are gelu, gelu_new, gelu_pytorch_tanh, relu, silu",
        store.path().string(), config.hidden_act);
  if (config.num_hidden_layers > std::numeric_limits<std::uint8_t>::max())
    return fail("{}: {} layers, at most 255 are supported", store.path().string(), config.num_hidden_layers);

  head.dropout = static_cast<float>(config.classifier_dropout);
  head.initializer_range = config.initializer_range;
  EncoderReader reader(source, family);
  LoadedBackbone loaded;
  INCIPIT_TRY(EncoderWeights weights, reader.weights());
  INCIPIT_TRY(loaded.head, reader.head(std::move(head), loaded.newly_initialised));
  loaded.unused = reader.unused();
  lm_head.prefix = family.prefix;
  lm_head.word_embedding = family.prefix + "embeddings.word_embeddings.weight";
  lm_head.norm_epsilon = config.layer_norm_eps;
  loaded.load_lm_head = lm_head_loader(store, config, std::move(lm_head), source.precision);

  BackboneSpec spec;
  spec.model_type = config.model_type;
  spec.hidden_size = config.hidden_size;
  spec.num_layers = config.num_hidden_layers;
  spec.num_attention_heads = config.num_attention_heads;
  spec.num_key_value_heads = config.num_key_value_heads;
  spec.head_dim = config.head_dim;
  spec.intermediate_size = config.intermediate_size;
  spec.vocab_size = config.vocab_size;
  spec.has_token_types = family.has_token_types;
  spec.parameter_count = reader.parameter_count();
  spec.positions = {family.first_position, config.max_position_embeddings - family.first_position,
                    family.uncounted_id};

  EncoderShape shape;
  shape.attention = {config.num_attention_heads, config.head_dim};
  shape.activation = *activation;
  shape.hidden_dropout = static_cast<float>(config.hidden_dropout);
  shape.attention_dropout = static_cast<float>(config.attention_dropout);
  shape.drops_attention_output = family.drops_attention_output;
  shape.keeps_bf16 = shape.attention.may_round = source.precision != Precision::f32;
  loaded.backbone = make_encoder(std::move(spec), shape, std::move(weights));
  return loaded;
}

}  // namespace incipit
