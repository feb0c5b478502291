#include <string>

#include <nlohmann/json.hpp>

#include "incipit/metrics.h"

namespace incipit {
namespace {

using nlohmann::ordered_json;

std::string label_of(std::size_t index, std::span<const std::string> labels) {
  return index < labels.size() ? labels[index] : std::to_string(index);
}

ordered_json to_json(const Interval& interval) {
  return {interval.low, interval.high};
}

ordered_json to_json(const ClassMetrics& metrics, const std::string& label) {
  return {{"label", label},   {"precision", metrics.precision}, {"recall", metrics.recall},
          {"f1", metrics.f1}, {"support", metrics.support},     {"predicted", metrics.predicted}};
}

}  // namespace

std::string metrics_to_json(const Metrics& metrics, std::span<const std::string> labels) {
  ordered_json classes = ordered_json::array();
  for (std::size_t i = 0; i < metrics.classes.size(); ++i)
    classes.push_back(to_json(metrics.classes[i], label_of(i, labels)));
  ordered_json collapsed;  // null
  if (metrics.collapsed_to) collapsed = label_of(static_cast<std::size_t>(*metrics.collapsed_to), labels);
  const ordered_json json = {
      {"count", metrics.count},
      {"accuracy", metrics.accuracy},
      {"accuracy_interval", to_json(metrics.accuracy_interval)},
      {"f1", metrics.f1},
      {"f1_interval", to_json(metrics.f1_interval)},
      {"f1_micro", metrics.f1_micro},
      {"f1_macro", metrics.f1_macro},
      {"matthews", metrics.matthews},
      {"calibration_error", metrics.calibration_error},
      {"loss", metrics.loss},
      {"majority_class", label_of(static_cast<std::size_t>(metrics.majority_class), labels)},
      {"majority_accuracy", metrics.majority_accuracy},
      {"majority_f1", metrics.majority_f1},
      {"collapsed_to", collapsed},
      {"classes", classes},
      {"confusion", metrics.confusion},
  };
  // A label that is not UTF-8 must not make dump() throw.
  return json.dump(2, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace incipit
