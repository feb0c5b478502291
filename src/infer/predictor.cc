#include "incipit/predict.h"

#include "infer/features.h"

namespace incipit {

struct Predictor::State {
  const Model& model;
  const Adapter& adapter;
  PredictOptions options;
  PackedRun run;
  Matrix features;
};

Predictor::Predictor(const Model& model, const Adapter& adapter, PredictOptions options)
    : state_(std::make_unique<State>(State{model, adapter, options, PackedRun(model.backbone()), {}})) {}
Predictor::Predictor(Predictor&&) noexcept = default;
Predictor::~Predictor() = default;

Result<std::vector<Prediction>> Predictor::predict(std::span<const Example> examples,
                                                   const std::function<void(std::int64_t)>& progress) {
  State& s = *state_;
  INCIPIT_TRY(const std::vector<TemplatedExample> templated, apply_template(s.model, s.adapter, examples));
  INCIPIT_CHECK(run_features(s.run, s.adapter, templated, s.options.max_batch_tokens, progress, s.features));
  std::vector<Prediction> predictions = predict_from_features(s.adapter, s.features);
  for (std::size_t i = 0; i < predictions.size(); ++i) predictions[i].truncated = templated[i].truncated > 0;
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
