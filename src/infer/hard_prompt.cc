#include "incipit/hard_prompt.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "incipit/predict.h"

namespace incipit {
namespace {

std::vector<Example> content_free(Calibration calibration) {
  std::vector<Example> examples;
  for (const char* text : {"", "N/A", "[MASK]"}) {
    Example& example = examples.emplace_back();
    example.id = fmt::format("content-free \"{}\"", text);
    example.text_a = text;
    example.text_b = text;  // for templates that ask for it
    if (calibration == Calibration::domain) break;
  }
  return examples;
}

/// The labels' bias: the log of the probability that the content-free texts give their words in the mean. As
/// in Zhao et al.'s code, a text on which the words are unlikely altogether counts little.
Result<std::vector<double>> measure_bias(const Model& model, const Adapter& adapter,
                                         Calibration calibration) {
  Predictor predictor(model, adapter, {});
  INCIPIT_TRY(const std::vector<Prediction> predictions, predictor.predict(content_free(calibration)));
  std::vector<double> bias(adapter.info().labels.size(), 0.0);
  for (std::size_t label = 0; label < bias.size(); ++label) {
    double most = -std::numeric_limits<double>::infinity(), sum = 0;
    for (const Prediction& prediction : predictions)
      most = std::max(most, static_cast<double>(prediction.logits[label]));
    for (const Prediction& prediction : predictions)
      sum += std::exp(static_cast<double>(prediction.logits[label]) - most);
    bias[label] = most + std::log(sum / static_cast<double>(predictions.size()));
  }
  return bias;
}

}  // namespace

std::string_view name_of(Calibration calibration) {
  switch (calibration) {
    case Calibration::none:
      return "none";
    case Calibration::contextual:
      return "contextual";
    case Calibration::domain:
      return "domain";
  }
  return "";
}

std::optional<Calibration> calibration_by_name(std::string_view name) {
  for (const Calibration calibration : {Calibration::none, Calibration::contextual, Calibration::domain})
    if (name == name_of(calibration)) return calibration;
  return std::nullopt;
}

Result<std::vector<std::string>> verbalizer_labels(std::string_view verbalizer) {
  const auto json = nlohmann::ordered_json::parse(verbalizer, nullptr, false);
  if (!json.is_object())
    return fail(
        "verbalizer: an object with the labels' words is needed, such as "
        "{{\"negative\": [\"terrible\"], \"positive\": [\"great\"]}}");
  std::vector<std::string> labels;
  for (const auto& [label, words] : json.items()) labels.push_back(label);
  return labels;
}

Result<Adapter> make_hard_prompt(const Model& model, const HardPrompt& prompt,
                                 std::vector<std::string> labels) {
  AdapterInfo info;
  info.method = Method::hard;
  info.template_text = prompt.template_text;
  info.verbalizer = prompt.verbalizer;
  info.word_score = prompt.word_score;
  info.max_length = prompt.max_length;
  info.preparation = prompt.preparation;
  info.labels = std::move(labels);
  INCIPIT_TRY(Adapter adapter, Adapter::create(model, std::move(info), 0));
  if (prompt.calibration != Calibration::none) {
    INCIPIT_TRY(std::vector<double> bias, measure_bias(model, adapter, prompt.calibration));
    adapter.set_label_bias(std::move(bias));
  }
  return adapter;
}

}  // namespace incipit
