#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "incipit/metrics.h"

#include "base/text_width.h"

namespace incipit {
namespace {

constexpr std::size_t kMostConfusionClasses = 20;
constexpr std::size_t kWidestName = 25;  // in columns

/// A class's name for a table; its number where it has none.
std::string class_name(std::size_t index, std::span<const std::string> labels) {
  return index < labels.size() ? fit_on_line(labels[index], kWidestName) : std::to_string(index);
}

std::string with_interval(double value, const Interval& interval) {
  return fmt::format("{:.4f}  (95 % interval {:.4f} to {:.4f})", value, interval.low, interval.high);
}

struct Names {
  std::vector<std::string> of_class;
  std::size_t width = 5;  // of "class"
};

Names class_names(const Metrics& metrics, std::span<const std::string> labels) {
  Names names;
  for (std::size_t i = 0; i < metrics.classes.size(); ++i) {
    names.of_class.push_back(class_name(i, labels));
    names.width = std::max(names.width, display_width(names.of_class.back()));
  }
  return names;
}

std::string figures(const Metrics& metrics, const Names& names) {
  const auto name = [&](int index) {
    const auto i = static_cast<std::size_t>(index);
    return i < names.of_class.size() ? names.of_class[i] : std::string();
  };
  std::string out;
  const auto line = [&](std::string_view what, const std::string& value) {
    fmt::format_to(std::back_inserter(out), "{:<18} {}\n", what, value);
  };
  line("examples", std::to_string(metrics.count));
  line("accuracy", with_interval(metrics.accuracy, metrics.accuracy_interval));
  line(metrics.classes.size() == 2 ? fmt::format("F1 of {}", name(1)) : "F1 (macro)",
       with_interval(metrics.f1, metrics.f1_interval));
  line("F1 micro", fmt::format("{:.4f}", metrics.f1_micro));
  line("F1 macro", fmt::format("{:.4f}", metrics.f1_macro));
  line("Matthews", fmt::format("{:.4f}", metrics.matthews));
  line("calibration error", fmt::format("{:.4f}", metrics.calibration_error));
  line("loss", fmt::format("{:.4f}", metrics.loss));
  line("majority class", fmt::format("always {}: accuracy {:.4f}, F1 {:.4f}", name(metrics.majority_class),
                                     metrics.majority_accuracy, metrics.majority_f1));
  if (metrics.collapsed_to)
    line("COLLAPSED", fmt::format("(nearly) every prediction is {}", name(*metrics.collapsed_to)));
  return out;
}

std::string class_table(const Metrics& metrics, const Names& names) {
  std::string out =
      fmt::format("{}  precision  recall      F1   support  predicted\n", pad_right("class", names.width));
  for (std::size_t i = 0; i < metrics.classes.size(); ++i) {
    const ClassMetrics& of = metrics.classes[i];
    fmt::format_to(std::back_inserter(out), "{}  {:>9.4f}  {:>6.4f}  {:>6.4f}  {:>8}  {:>9}\n",
                   pad_right(names.of_class[i], names.width), of.precision, of.recall, of.f1, of.support,
                   of.predicted);
  }
  return out;
}

std::string confusion_table(const Metrics& metrics, const Names& names) {
  std::string out = "confusion (a row a true class, a column a predicted one)\n" + pad_right("", names.width);
  std::vector<std::size_t> widths;
  for (std::size_t column = 0; column < names.of_class.size(); ++column) {
    std::size_t width = display_width(names.of_class[column]);
    for (const auto& row : metrics.confusion) width = std::max(width, std::to_string(row[column]).size());
    widths.push_back(width);
    out += "  " + pad_left(names.of_class[column], width);
  }
  out += '\n';
  for (std::size_t row = 0; row < names.of_class.size(); ++row) {
    out += pad_right(names.of_class[row], names.width);
    for (std::size_t column = 0; column < widths.size(); ++column)
      out += "  " + pad_left(std::to_string(metrics.confusion[row][column]), widths[column]);
    out += '\n';
  }
  return out;
}

}  // namespace

std::string format_metrics(const Metrics& metrics, std::span<const std::string> labels) {
  const Names names = class_names(metrics, labels);
  std::string out = fmt::format("{}\n{}", figures(metrics, names), class_table(metrics, names));
  if (metrics.confusion.size() <= kMostConfusionClasses)
    out += fmt::format("\n{}", confusion_table(metrics, names));
  return out;
}

}  // namespace incipit
