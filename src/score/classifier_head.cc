#include "score/classifier_head.h"

#include <algorithm>
#include <utility>

#include "base/rng.h"
#include "ops/dropout.h"

namespace incipit {
namespace {

/// The places of a head where dropout acts.
enum class DropoutSite : std::uint64_t { input, output };

TrainedLinear make_layer(const std::string& name, const std::optional<HeadLayerWeights>& stored,
                         std::int64_t out, std::int64_t in, bool has_bias, double deviation, Rng& rng) {
  TrainedLinear layer(name, out, in, has_bias);
  // New weights are drawn in any case, so that one layer's start does not depend on whether another is
  // stored.
  for (float& value : layer.weight.value.values()) value = static_cast<float>(deviation * rng.normal());
  if (stored && stored->weight.rows() == out) {
    std::copy_n(stored->weight.data(), stored->weight.size(), layer.weight.value.data());
    std::copy(stored->bias.begin(), stored->bias.end(), layer.bias.value.data());
  }
  return layer;
}

void drop(std::span<const std::uint64_t> keys, DropoutSite site, float rate, Matrix& rows) {
  if (keys.empty() || rate == 0) return;
  std::vector<std::uint64_t> site_keys(keys.begin(), keys.end());
  for (std::uint64_t& key : site_keys) key = mix_bits(key, static_cast<std::uint64_t>(site));
  dropout_rows(rows.data(), site_keys, rows.cols(), rate, rows.data());
}

}  // namespace

ClassifierHead::ClassifierHead(HeadSpec spec, HeadInput input, std::int64_t hidden_size,
                               std::optional<TrainedLinear> dense, TrainedLinear output)
    : spec_(std::move(spec)),
      input_(input),
      hidden_size_(hidden_size),
      dense_(std::move(dense)),
      output_(std::move(output)) {}

ClassifierHead ClassifierHead::create(const HeadWeights& weights, HeadInput input, std::int64_t num_labels,
                                      std::uint64_t seed) {
  const HeadSpec& spec = weights.spec;
  const std::int64_t hidden = weights.hidden_size;
  Rng rng(mix_bits(seed, 0x68656164));  // a stream of its own, apart from the prompt's
  std::optional<TrainedLinear> dense;
  if (!spec.dense.empty()) {
    TrainedLinear made =
        make_layer(spec.dense, weights.dense, hidden, hidden, true, spec.initializer_range, rng);
    if (!(spec.dense_is_frozen && input == HeadInput::mean)) dense = std::move(made);
  }
  TrainedLinear output = make_layer(spec.output, weights.output, num_labels, hidden, spec.output_has_bias,
                                    spec.initializer_range, rng);
  return {spec, input, hidden, std::move(dense), std::move(output)};
}

std::unique_ptr<Scorer> ClassifierHead::clone() const {
  return std::unique_ptr<Scorer>(new ClassifierHead(
      spec_, input_, hidden_size_, dense_ ? std::optional(dense_->clone()) : std::nullopt, output_.clone()));
}

void ClassifierHead::plan(const TemplatedExample& example, ReadPlan& plan) const {
  plan.clear();
  switch (input_) {
    case HeadInput::first:
      return plan.rows.push_back(0);
    case HeadInput::cls:
      return plan.rows.push_back(example.cls);
    case HeadInput::mask:
      return plan.rows.push_back(example.mask);
    case HeadInput::last:
      return plan.rows.push_back(example.last);
    case HeadInput::mean:
      for (std::int64_t i = 0; i < example.size(); ++i)
        if (example.token[static_cast<std::size_t>(i)] >= 0) plan.rows.push_back(i);
  }
}

void ClassifierHead::read(ConstMatrixView rows, std::span<const RowRange> ranges, ReadPass& /*pass*/,
                          Matrix& features) const {
  pool_rows(rows, ranges, features);
}

void ClassifierHead::read_backward(ConstMatrixView d_features, std::span<const RowRange> ranges,
                                   ReadPass& /*pass*/, MatrixView d_rows) const {
  pool_rows_backward(d_features, ranges, d_rows);
}

void ClassifierHead::forward(ConstMatrixView features, std::span<const std::uint64_t> drop_keys,
                             ScorePass& pass) const {
  pass.drop_keys.assign(drop_keys.begin(), drop_keys.end());
  pass.input.resize(features.rows, hidden_size_);
  for (std::int64_t e = 0; e < features.rows; ++e)
    std::copy_n(features.row(e), hidden_size_, pass.input.row(e));
  if (spec_.drops_input) drop(pass.drop_keys, DropoutSite::input, spec_.dropout, pass.input);
  if (dense_) {
    dense_->forward(pass.input, pass.dense);
    pass.active.resize(pass.dense.rows(), pass.dense.cols());
    activate(spec_.activation, pass.dense.data(), pass.active.data(), pass.dense.size());
  } else {
    pass.active.resize(pass.input.rows(), pass.input.cols());
    std::copy_n(pass.input.data(), pass.input.size(), pass.active.data());
  }
  drop(pass.drop_keys, DropoutSite::output, spec_.dropout, pass.active);
  output_.forward(pass.active, pass.logits);
}

void ClassifierHead::backward(const Matrix& d_logits, const ScorePass& pass, Matrix& d_features) {
  output_.backward_parameters(pass.active, d_logits);
  output_.backward_input(d_logits, d_features);
  drop(pass.drop_keys, DropoutSite::output, spec_.dropout, d_features);
  if (dense_) {
    activate_backward(spec_.activation, pass.dense.data(), d_features.data(), d_features.data(),
                      d_features.size());
    if (!spec_.dense_is_frozen) dense_->backward_parameters(pass.input, d_features);
    Matrix below;
    dense_->backward_input(d_features, below);
    d_features = std::move(below);
  }
  if (spec_.drops_input) drop(pass.drop_keys, DropoutSite::input, spec_.dropout, d_features);
}

std::vector<Parameter*> ClassifierHead::parameters() {
  std::vector<Parameter*> result;
  if (dense_ && !spec_.dense_is_frozen) result = {&dense_->weight, &dense_->bias};
  result.push_back(&output_.weight);
  if (output_.has_bias()) result.push_back(&output_.bias);
  return result;
}

}  // namespace incipit
