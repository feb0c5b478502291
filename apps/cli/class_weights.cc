#include "class_weights.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "command_line.h"
#include "numbers.h"

namespace incipit::cli {
namespace {

constexpr const char* kFlag = "--class-weights";

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == ',')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

double parse_weight(std::string_view text) {
  const auto weight = parse_number<double>(text);
  if (!weight || !std::isfinite(*weight) || *weight < 0)
    wrong_usage(kFlag, fmt::format("'{}' is not a weight of at least 0", text));
  return *weight;
}

std::vector<double> weights_by_name(const std::vector<std::string>& parts,
                                    const std::vector<std::string>& labels) {
  std::vector<double> weights(labels.size(), 1.0);
  for (const std::string& part : parts) {
    const std::size_t equals = part.rfind('=');
    if (equals == std::string::npos) wrong_usage(kFlag, fmt::format("'{}' is not LABEL=WEIGHT", part));
    const auto label = std::find(labels.begin(), labels.end(), part.substr(0, equals));
    if (label == labels.end())
      wrong_usage(kFlag, fmt::format("the data has no label '{}'; it has {}", part.substr(0, equals),
                                     fmt::join(labels, ", ")));
    weights[static_cast<std::size_t>(label - labels.begin())] =
        parse_weight(std::string_view(part).substr(equals + 1));
  }
  return weights;
}

}  // namespace

void add_class_weights(CommandLine& line, std::string& text) {
  line.flag(
      kFlag, text, "balanced|LIST",
      "Weights of the classes in the loss: balanced (n / (classes x count)), one number a label in their "
      "order (1,2), or by name (positive=2)");
}

void set_class_weights(const std::string& text, const std::vector<std::string>& labels,
                       TrainOptions& options) {
  if (text.empty()) return;
  if (text == "balanced") {
    options.balanced_class_weights = true;
    return;
  }
  const std::vector<std::string> parts = split_at_commas(text);
  if (text.find('=') != std::string::npos) {
    options.class_weights = weights_by_name(parts, labels);
    return;
  }
  if (parts.size() != labels.size())
    wrong_usage(kFlag, fmt::format("{} weights for {} labels ({})", parts.size(), labels.size(),
                                   fmt::join(labels, ", ")));
  for (const std::string& part : parts) options.class_weights.push_back(parse_weight(part));
}

}  // namespace incipit::cli
