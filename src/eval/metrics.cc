#include "incipit/metrics.h"

#include <algorithm>

#include "eval/bootstrap.h"
#include "eval/calibration.h"
#include "eval/confusion.h"
#include "eval/interval.h"

namespace incipit {
namespace {

constexpr std::uint64_t kBootstrapSeed = 0;

/// Per example.
struct Outcomes {
  std::vector<int> labels, predictions;
  std::vector<float> confidences;  // probability of the prediction
  std::vector<char> correct;
  double loss = 0;  // sum
};

/// The prediction is the first largest; a row without any comparable number predicts class 0.
Outcomes compare(std::span<const int> labels, std::span<const float> probabilities, std::size_t num_labels) {
  Outcomes outcomes;
  const std::size_t rows = std::min(labels.size(), probabilities.size() / num_labels);
  for (std::size_t i = 0; i < rows; ++i) {
    if (labels[i] < 0 || static_cast<std::size_t>(labels[i]) >= num_labels) continue;
    const std::span<const float> row = probabilities.subspan(i * num_labels, num_labels);
    const auto predicted = static_cast<int>(std::max_element(row.begin(), row.end()) - row.begin());
    outcomes.labels.push_back(labels[i]);
    outcomes.predictions.push_back(predicted);
    outcomes.confidences.push_back(row[static_cast<std::size_t>(predicted)]);
    outcomes.correct.push_back(predicted == labels[i]);
    outcomes.loss += log_loss(row[static_cast<std::size_t>(labels[i])]);
  }
  return outcomes;
}

std::vector<ClassCounts> count_classes(const std::vector<std::vector<std::int64_t>>& confusion) {
  std::vector<ClassCounts> classes(confusion.size());
  for (std::size_t truth = 0; truth < confusion.size(); ++truth) {
    for (std::size_t predicted = 0; predicted < confusion.size(); ++predicted) {
      classes[truth].support += confusion[truth][predicted];
      classes[predicted].predicted += confusion[truth][predicted];
    }
    classes[truth].correct = confusion[truth][truth];
  }
  return classes;
}

/// What always answering the most frequent class would give.
void add_majority(std::vector<ClassCounts> classes, Metrics& metrics) {
  const auto majority =
      std::max_element(classes.begin(), classes.end(),
                       [](const ClassCounts& a, const ClassCounts& b) { return a.support < b.support; });
  metrics.majority_class = static_cast<int>(majority - classes.begin());
  metrics.majority_accuracy = static_cast<double>(majority->support) / static_cast<double>(metrics.count);
  for (ClassCounts& counts : classes) counts.predicted = counts.correct = 0;
  majority->predicted = metrics.count;
  majority->correct = majority->support;
  metrics.majority_f1 = main_f1(classes);
}

std::optional<int> collapsed_class(const std::vector<ClassCounts>& classes, std::int64_t count) {
  constexpr std::int64_t kFewest = 10;  // with less, agreement may be chance
  const auto favourite =
      std::max_element(classes.begin(), classes.end(),
                       [](const ClassCounts& a, const ClassCounts& b) { return a.predicted < b.predicted; });
  const std::int64_t others = count - favourite->predicted;
  const bool truth_varies = favourite->support < count;
  if (count < kFewest || !truth_varies || others * 100 >= count) return std::nullopt;
  return static_cast<int>(favourite - classes.begin());
}

}  // namespace

Metrics compute_metrics(std::span<const int> labels, std::span<const float> probabilities, int num_labels) {
  Metrics metrics;
  if (num_labels <= 0) return metrics;
  const auto size = static_cast<std::size_t>(num_labels);
  const Outcomes outcomes = compare(labels, probabilities, size);
  metrics.confusion.assign(size, std::vector<std::int64_t>(size, 0));
  for (std::size_t i = 0; i < outcomes.labels.size(); ++i)
    ++metrics.confusion[static_cast<std::size_t>(outcomes.labels[i])]
                       [static_cast<std::size_t>(outcomes.predictions[i])];

  const std::vector<ClassCounts> classes = count_classes(metrics.confusion);
  for (const ClassCounts& counts : classes) metrics.classes.push_back(class_metrics(counts));
  metrics.count = static_cast<std::int64_t>(outcomes.labels.size());
  if (metrics.count == 0) return metrics;

  const auto count = static_cast<double>(metrics.count);
  const auto correct = std::count(outcomes.correct.begin(), outcomes.correct.end(), char{1});
  metrics.accuracy = static_cast<double>(correct) / count;
  metrics.accuracy_interval = wilson_interval(correct, metrics.count);
  metrics.f1 = main_f1(classes);
  metrics.f1_interval = bootstrap_f1(outcomes.labels, outcomes.predictions, num_labels, kBootstrapSeed);
  metrics.f1_micro =
      metrics.accuracy;  // with one label an example, every wrong answer is one false positive and negative
  metrics.f1_macro = macro_f1(classes);
  metrics.matthews = matthews_correlation(classes);
  metrics.calibration_error = calibration_error(outcomes.confidences, outcomes.correct);
  metrics.loss = outcomes.loss / count;
  add_majority(classes, metrics);
  metrics.collapsed_to = collapsed_class(classes, metrics.count);
  return metrics;
}

std::optional<double> metric_by_name(const Metrics& metrics, std::string_view name) {
  if (name == "accuracy") return metrics.accuracy;
  if (name == "f1") return metrics.f1;
  if (name == "f1_micro") return metrics.f1_micro;
  if (name == "f1_macro") return metrics.f1_macro;
  if (name == "matthews") return metrics.matthews;
  if (name == "loss") return -metrics.loss;
  return std::nullopt;
}

}  // namespace incipit
