#include "backbone/decoder_loader.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "backbone/lm_head_loader.h"
#include "backbone/rope_frequencies.h"

namespace incipit {
namespace {

/// Rows of several weights under each other, with their biases.
struct Stack {
  Matrix weight;            // [out, in]
  std::vector<float> bias;  // [out] or empty

  Linear linear(std::int64_t first, std::int64_t count, Precision precision) const {
    const std::span<const float> all(bias);
    return {{weight.row(first), count, weight.cols(), weight.cols()},
            all.empty() ? all : all.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count)),
            precision};
  }
  Linear linear(Precision precision) const { return linear(0, weight.rows(), precision); }
};

Matrix transposed(const Matrix& source) {
  Matrix result;
  result.resize(source.cols(), source.rows());
  for (std::int64_t i = 0; i < source.rows(); ++i)
    for (std::int64_t j = 0; j < source.cols(); ++j) result.row(j)[i] = source.row(i)[j];
  return result;
}

/// Reads the tensors of one model under their full names.
class DecoderReader {
 public:
  DecoderReader(const TensorStore& store, const HfConfig& config, const DecoderFamily& family,
                Precision precision)
      : checkpoint_(store, family.prefix), config_(config), family_(family), precision_(precision) {}

  Result<DecoderWeights> weights() {
    const DecoderNames& names = family_.names;
    DecoderWeights weights;
    INCIPIT_TRY(weights.word, matrix(full(names.word) + ".weight", config_.vocab_size, config_.hidden_size));
    if (!names.position.empty()) {
      INCIPIT_TRY(weights.position, matrix(full(names.position) + ".weight", config_.max_position_embeddings,
                                           config_.hidden_size));
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
    if (!checkpoint_.has("score.weight")) {
      newly_initialised.emplace_back("score.weight");
      return head;
    }
    head.output.emplace();
    INCIPIT_TRY(head.output->weight, checkpoint_.matrix("score.weight", -1, config_.hidden_size));
    return head;
  }

  std::int64_t parameter_count() const { return parameter_count_; }
  /// Without the buffers that old releases saved, which transformers passes over in silence.
  std::vector<std::string> unused() const {
    std::vector<std::string> names = checkpoint_.unused();
    std::erase_if(names, [](const std::string& name) {
      return name.ends_with(".attn.bias") || name.ends_with("rotary_emb.inv_freq");
    });
    return names;
  }

 private:
  std::string full(std::string_view name) const { return family_.prefix + std::string(name); }

  Result<Matrix> matrix(const std::string& name, std::int64_t rows, std::int64_t cols) {
    INCIPIT_TRY(Matrix values, checkpoint_.matrix(name, rows, cols));
    parameter_count_ += values.size();
    return values;
  }
  Result<std::vector<float>> vector(const std::string& name, std::int64_t size) {
    parameter_count_ += size;
    return checkpoint_.vector(name, size);
  }

  Result<Norm> norm(const std::string& name) {
    if (!family_.has_layer_norm) {
      RmsNorm norm;
      INCIPIT_TRY(norm.weight, vector(name + ".weight", config_.hidden_size));
      norm.epsilon = static_cast<float>(config_.rms_norm_eps);
      return norm;
    }
    LayerNorm norm;
    INCIPIT_TRY(norm.weight, vector(name + ".weight", config_.hidden_size));
    INCIPIT_TRY(norm.bias, vector(name + ".bias", config_.hidden_size));
    norm.epsilon = static_cast<float>(config_.layer_norm_eps);
    return norm;
  }

  /// Adds a linear layer's rows to a stack that has room for them.
  Status add(const std::string& name, std::int64_t out, bool has_bias, std::int64_t& row, Stack& stack) {
    const std::int64_t in = stack.weight.cols();
    if (family_.stores_transposed) {
      INCIPIT_TRY(const Matrix stored, matrix(name + ".weight", in, out));
      const Matrix weight = transposed(stored);
      std::copy_n(weight.data(), weight.size(), stack.weight.row(row));
    } else {
      INCIPIT_TRY(const Matrix weight, matrix(name + ".weight", out, in));
      std::copy_n(weight.data(), weight.size(), stack.weight.row(row));
    }
    row += out;
    if (!has_bias) return {};
    INCIPIT_TRY(const std::vector<float> bias, vector(name + ".bias", out));
    stack.bias.insert(stack.bias.end(), bias.begin(), bias.end());
    return {};
  }

  struct Part {
    std::string name;
    std::int64_t out;
  };
  Result<Stack> stack(const std::vector<Part>& parts, std::int64_t in, bool has_bias) {
    std::int64_t out = 0, row = 0;
    for (const Part& part : parts) out += part.out;
    Stack stack;
    stack.weight.resize(out, in);
    for (const Part& part : parts) INCIPIT_CHECK(add(part.name, part.out, has_bias, row, stack));
    return stack;
  }

  /// GPT-2's factors of the attention's scores besides 1/√head_dim, which the kernel has: they go into the
  /// queries.
  void scale_queries(std::int64_t layer, Stack& stack) const {
    double factor = 1;
    if (!config_.scale_attn_weights) factor *= std::sqrt(static_cast<double>(config_.head_dim));
    if (config_.scale_attn_by_inverse_layer_idx) factor /= static_cast<double>(layer + 1);
    if (factor == 1) return;
    const std::int64_t rows = config_.num_attention_heads * config_.head_dim;
    for (std::int64_t i = 0; i < rows * stack.weight.cols(); ++i)
      stack.weight.data()[i] *= static_cast<float>(factor);
    for (std::int64_t i = 0; i < rows && !stack.bias.empty(); ++i)
      stack.bias[static_cast<std::size_t>(i)] *= static_cast<float>(factor);
  }

  Result<DecoderLayer> layer(std::int64_t index) {
    const DecoderNames& names = family_.names;
    const std::string base = fmt::format("{}{}{}.", family_.prefix, names.layers, index);
    const auto name = [&](std::string_view part) { return base + std::string(part); };
    const std::int64_t hidden = config_.hidden_size, inner = config_.intermediate_size;
    const std::int64_t query = config_.num_attention_heads * config_.head_dim;
    const std::int64_t key = config_.num_key_value_heads * config_.head_dim;

    std::vector<Part> attention = {{name(names.query), query + 2 * key}};
    if (!names.key.empty())
      attention = {{name(names.query), query}, {name(names.key), key}, {name(names.value), key}};
    std::vector<Part> feed_forward = {{name(names.up), inner}};
    if (!names.gate.empty()) feed_forward.insert(feed_forward.begin(), {name(names.gate), inner});

    INCIPIT_TRY(Norm attention_norm, norm(name(names.attention_norm)));
    INCIPIT_TRY(Stack query_key_value, stack(attention, hidden, family_.has_query_key_value_bias));
    scale_queries(index, query_key_value);
    INCIPIT_TRY(const Stack output,
                stack({{name(names.attention_output), hidden}}, query, family_.has_output_bias));
    INCIPIT_TRY(Norm feed_forward_norm, norm(name(names.feed_forward_norm)));
    INCIPIT_TRY(const Stack up, stack(feed_forward, hidden, family_.has_mlp_bias));
    INCIPIT_TRY(const Stack down, stack({{name(names.down), hidden}}, inner, family_.has_mlp_bias));
    const bool last = index == config_.num_hidden_layers - 1;
    return DecoderLayer{
        std::move(attention_norm),
        last ? std::optional(query_key_value.linear(0, query, precision_)) : std::nullopt,
        last ? query_key_value.linear(query, 2 * key, precision_) : query_key_value.linear(precision_),
        output.linear(precision_),
        std::move(feed_forward_norm),
        up.linear(precision_),
        down.linear(precision_)};
  }

  Checkpoint checkpoint_;
  const HfConfig& config_;
  const DecoderFamily& family_;
  Precision precision_;
  std::int64_t parameter_count_ = 0;
};

Result<DecoderShape> shape_of(const HfConfig& config, const DecoderFamily& family, const TensorStore& store) {
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

Result<LoadedBackbone> load_decoder(const TensorStore& store, const HfConfig& config,
                                    const DecoderFamily& family, Precision precision) {
  if (config.num_hidden_layers > std::numeric_limits<std::uint8_t>::max())
    return fail("{}: {} layers, at most 255 are supported", store.path().string(), config.num_hidden_layers);
  INCIPIT_TRY(DecoderShape shape, shape_of(config, family, store));
  DecoderReader reader(store, config, family, precision);
  LoadedBackbone loaded;
  INCIPIT_TRY(DecoderWeights weights, reader.weights());
  INCIPIT_TRY(loaded.head, reader.head(loaded.newly_initialised));
  loaded.unused = reader.unused();
  LmHeadNames lm_head;
  lm_head.prefix = family.prefix;
  lm_head.word_embedding = fmt::format("{}{}.weight", family.prefix, family.names.word);
  lm_head.decoder = "lm_head.weight";
  loaded.load_lm_head = lm_head_loader(store, config, std::move(lm_head), precision);

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
