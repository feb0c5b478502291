#include "incipit/demonstrations.h"
#include "incipit/predict.h"

#include "base/parallel.h"
#include "infer/features.h"
#include "infer/lower_layers.h"

namespace incipit {
namespace {

using Found = NearestDemonstrations::Found;

/// The demonstrations of each example.
Result<std::vector<Found>> find_all(const NearestDemonstrations& demonstrations,
                                    std::span<const Example> examples) {
  std::vector<Found> found(examples.size());
  std::vector<std::optional<Error>> errors(examples.size());
  parallel_for(static_cast<std::int64_t>(examples.size()), 4, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const auto e = static_cast<std::size_t>(i);
      auto own = demonstrations.find(examples[e]);
      if (own)
        found[e] = std::move(*own);
      else
        errors[e] = std::move(own).error();
    }
  });
  for (std::size_t e = 0; e < errors.size(); ++e)
    if (errors[e]) return fail("example {}: {}", examples[e].id, errors[e]->message);
  return found;
}

}  // namespace

struct Predictor::State {
  const Model& model;
  const Adapter& adapter;
  PredictOptions options;
  PackedRun run;
  Matrix features;
  std::optional<LowerLayers> lower_layers;
};

Predictor::Predictor(const Model& model, const Adapter& adapter, PredictOptions options)
    : state_(std::make_unique<State>(State{model, adapter, options, PackedRun(model.backbone()), {}, {}})) {
  if (options.activation_cache.type == CacheType::off) return;
  state_->lower_layers.emplace(model, options.activation_cache, nullptr);
  state_->run.use(&*state_->lower_layers);
}
Predictor::Predictor(Predictor&&) noexcept = default;
Predictor::~Predictor() = default;

Result<std::vector<Prediction>> Predictor::predict(std::span<const Example> examples,
                                                   const std::function<void(std::int64_t)>& progress) {
  State& s = *state_;
  std::vector<Found> found(examples.size());
  if (s.options.demonstrations != nullptr) {
    INCIPIT_TRY(found, find_all(*s.options.demonstrations, examples));
  }
  std::vector<std::span<const std::int32_t>> before;
  for (const Found& own : found) before.emplace_back(own.ids);
  INCIPIT_TRY(const std::vector<TemplatedExample> templated,
              apply_template(s.model, s.adapter, examples, before));
  INCIPIT_CHECK(run_features(s.run, s.adapter, templated, s.options.max_batch_tokens, progress, s.features));
  std::vector<Prediction> predictions = predict_from_features(s.adapter, s.features);
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    predictions[i].truncated = templated[i].truncated > 0;
    predictions[i].shots = std::ssize(found[i].examples);
  }
  return predictions;
}

Metrics evaluate_predictions(std::span<const Example> examples, std::span<const Prediction> predictions,
                             int num_labels) {
  std::vector<int> labels;
  std::vector<float> probabilities;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    if (examples[i].label < 0) continue;
    labels.push_back(examples[i].label);
    probabilities.insert(probabilities.end(), predictions[i].probabilities.begin(),
                         predictions[i].probabilities.end());
  }
  return compute_metrics(labels, probabilities, num_labels);
}

}  // namespace incipit
