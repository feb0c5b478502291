#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace incipit {

struct Interval {
  double low = 0;
  double high = 0;
};

struct ClassMetrics {
  double precision = 0;
  double recall = 0;
  double f1 = 0;
  std::int64_t support = 0;    // examples of this class
  std::int64_t predicted = 0;  // examples predicted as it
};

/// What some predictions are worth. A ratio whose denominator is 0 is 0, as scikit-learn has it.
struct Metrics {
  std::int64_t count = 0;
  double accuracy = 0;
  Interval accuracy_interval;  // 95 %, Wilson
  /// F1 of class 1 where there are two classes (as GLUE has it), else f1_macro.
  double f1 = 0;
  Interval f1_interval;  // 95 %, percentile bootstrap over examples, fixed seed
  double f1_micro = 0;
  double f1_macro =
      0;  // mean over the classes that are true or predicted somewhere, as scikit-learn's default
  double matthews = 0;
  std::vector<ClassMetrics> classes;
  std::vector<std::vector<std::int64_t>> confusion;  // [true class][predicted class]
  double calibration_error = 0;                      // expected calibration error, 15 equal bins
  /// Mean negative log-probability of the true class; as in scikit-learn, probabilities are kept within
  /// float's epsilon of [0, 1], so that one sure error costs 16, not infinity.
  double loss = 0;

  int majority_class = 0;        // the most frequent true class
  double majority_accuracy = 0;  // of always answering it
  double majority_f1 = 0;        // the same, `f1`
  /// The class that (nearly) every prediction names, where the truth has others: fewer than 1 % of
  /// predictions, or none of at least 10, name another class.
  std::optional<int> collapsed_to;
};

/// `probabilities` is [labels.size(), num_labels], rows summing to 1; the prediction is the first largest.
/// Labels are in [0, num_labels). Anything else is the caller's error, but harmless: examples whose label or
/// row is out of range are left out; a non-finite probability can make a prediction arbitrary and `loss` not
/// a number.
Metrics compute_metrics(std::span<const int> labels, std::span<const float> probabilities, int num_labels);

/// One value by name: accuracy, f1, f1_micro, f1_macro, matthews, or loss (negated, so that more is better).
std::optional<double> metric_by_name(const Metrics& metrics, std::string_view name);

/// A table for people: every figure above with the class names.
std::string format_metrics(const Metrics& metrics, std::span<const std::string> labels);
/// The same as a JSON object (dump of nlohmann::json, two-space indent).
std::string metrics_to_json(const Metrics& metrics, std::span<const std::string> labels);

}  // namespace incipit
