#include <nlohmann/json.hpp>

#include "incipit/inspect.h"

namespace incipit {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const NearWord& word) {
  return {{"id", word.id}, {"piece", word.piece}, {"cosine", word.cosine}, {"distance", word.distance}};
}

Json to_json(const WordPoint& word) {
  return {{"piece", word.piece}, {"x", word.x}, {"y", word.y}};
}

Json to_json(const LayerAttention& layer) {
  return {{"layer", layer.layer},
          {"virtual_tokens", layer.virtual_tokens},
          {"special", layer.special},
          {"text", layer.text}};
}

Json list(const auto& items) {
  Json json = Json::array();
  for (const auto& item : items) json.push_back(to_json(item));
  return json;
}

/// What was not measured is left out, so that a 0 always is one.
Json to_json(const VirtualTokenView& token, const PromptInspection& all) {
  Json json = {{"norm", token.norm}, {"x", token.x}, {"y", token.y}};
  if (all.comparable) json["nearest"] = list(token.nearest);
  if (!all.movement.empty()) json["movement"] = token.movement;
  if (all.examples > 0) {
    json["attention"] = token.attention;
    json["accuracy_without"] = token.accuracy_without;
  }
  return json;
}

}  // namespace

std::string inspection_to_json(const PromptInspection& inspection) {
  Json json = {{"insert_layer", inspection.insert_layer}, {"comparable", inspection.comparable}};
  if (inspection.comparable) {
    json["random_cosine"] = inspection.random_cosine;
    json["random_cosine_high"] = inspection.random_cosine_high;
    json["random_distance"] = inspection.random_distance;
    json["median_word_norm"] = inspection.median_word_norm;
  }
  json["tokens"] = Json::array();
  for (const VirtualTokenView& token : inspection.tokens)
    json["tokens"].push_back(to_json(token, inspection));
  json["similarity"] = inspection.similarity;
  if (!inspection.movement.empty()) json["movement"] = inspection.movement;
  json["explained"] = inspection.explained;
  json["near_words"] = list(inspection.near_words);
  json["other_words"] = list(inspection.other_words);
  if (inspection.examples > 0) {
    json["examples"] = inspection.examples;
    json["accuracy"] = inspection.accuracy;
    json["accuracy_without_prompt"] = inspection.accuracy_without_prompt;
    json["attention"] = list(inspection.attention);
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace incipit
