#include "prediction_json.h"

#include <cstdint>
#include <map>
#include <vector>

#include <nlohmann/json.hpp>

namespace incipit::cli {
namespace {

/// nlohmann's JSON with floats: as double, 0.9f would be written 0.8999999761581421.
using FloatJson = nlohmann::basic_json<nlohmann::ordered_map, std::vector, std::string, bool, std::int64_t,
                                       std::uint64_t, float>;

}  // namespace

std::string prediction_line(const Example& example, const Prediction& prediction,
                            std::span<const std::string> labels, const PredictionExtras& extras) {
  FloatJson scores = FloatJson::object();
  for (std::size_t i = 0; i < labels.size(); ++i) scores[labels[i]] = prediction.probabilities.at(i);
  FloatJson line = FloatJson::object();
  line["id"] = example.id;
  if (!extras.adapter.empty()) line["adapter"] = std::string(extras.adapter);
  if (!extras.gold.empty()) line["gold"] = std::string(extras.gold);
  line["label"] = labels[static_cast<std::size_t>(prediction.label)];
  line["scores"] = std::move(scores);
  if (extras.logits) line["logits"] = prediction.logits;
  // Ids and labels come from files; bytes that are not UTF-8 must not throw.
  return line.dump(-1, ' ', false, FloatJson::error_handler_t::replace) + '\n';
}

}  // namespace incipit::cli
