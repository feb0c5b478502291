#include "model_info.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "console.h"
#include "name_list.h"
#include "numbers.h"
#include "preparation_info.h"

namespace incipit::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string row(std::string_view name, std::string_view value) {
  return fmt::format("{:<22} {}\n", name, one_line(value));
}
std::string row(std::string_view name, std::int64_t value) {
  return row(name, with_thousands(value));
}

}  // namespace

std::string model_text(const Model& model) {
  const ModelInfo& info = model.info();
  return row("model", info.folder.string()) + row("type", info.model_type) +
         row("architectures", name_list(info.architectures)) + row("parameters", info.backbone_parameters) +
         row("layers", info.num_layers) + row("hidden size", info.hidden_size) +
         row("attention heads", info.num_attention_heads) + row("intermediate size", info.intermediate_size) +
         row("vocabulary", info.vocab_size) + row("longest sequence", info.max_positions) +
         row("labels", name_list(info.labels)) + row("unused tensors", name_list(model.report().unused)) +
         row("newly initialised", name_list(model.report().newly_initialised)) +
         row("fingerprint", info.fingerprint);
}

std::string model_json(const Model& model) {
  const ModelInfo& info = model.info();
  Json json;
  json["kind"] = "model";
  json["folder"] = info.folder.string();
  json["model_type"] = info.model_type;
  json["architectures"] = info.architectures;
  json["backbone_parameters"] = info.backbone_parameters;
  json["num_layers"] = info.num_layers;
  json["hidden_size"] = info.hidden_size;
  json["num_attention_heads"] = info.num_attention_heads;
  json["intermediate_size"] = info.intermediate_size;
  json["vocab_size"] = info.vocab_size;
  json["max_positions"] = info.max_positions;
  json["labels"] = info.labels;
  json["unused"] = model.report().unused;
  json["newly_initialised"] = model.report().newly_initialised;
  json["fingerprint"] = info.fingerprint;
  return dump(json);
}

std::string adapter_text(const AdapterInfo& info) {
  std::string text = row("adapter", info.peft_type) + row("method", name_of(info.method)) +
                     row("head input", name_of(info.head_input)) +
                     (info.template_text.empty() ? "" : row("template", info.template_text)) +
                     row("virtual tokens", info.num_virtual_tokens) + row("insert layer", info.insert_layer);
  text +=
      row("longest text", info.max_length > 0 ? with_thousands(info.max_length) + " tokens" : "what fits");
  text += row("labels", name_list(info.labels)) + row("base model", info.base_model);
  text += row("base fingerprint", info.base_fingerprint.empty() ? "not recorded" : info.base_fingerprint);
  text += row("training texts", static_cast<std::int64_t>(info.training_texts.size()));
  if (info.preparation.kind != Preparation::Kind::none)
    text += row("preparation", preparation_text(info.preparation));
  for (const auto& [key, value] : info.provenance) text += row("  " + key, value);
  return text;
}

std::string adapter_json(const AdapterInfo& info) {
  Json json;
  json["kind"] = "adapter";
  json["peft_type"] = info.peft_type;
  json["method"] = std::string(name_of(info.method));
  json["head_input"] = std::string(name_of(info.head_input));
  if (!info.template_text.empty()) json["template"] = info.template_text;
  json["num_virtual_tokens"] = info.num_virtual_tokens;
  json["insert_layer"] = info.insert_layer;
  json["max_length"] = info.max_length;
  if (info.preparation.kind != Preparation::Kind::none)
    json["preparation"] = preparation_text(info.preparation);
  json["labels"] = info.labels;
  json["base_model"] = info.base_model;
  json["base_fingerprint"] = info.base_fingerprint;
  json["training_texts"] = info.training_texts.size();
  json["provenance"] = info.provenance;
  return dump(json);
}

}  // namespace incipit::cli
