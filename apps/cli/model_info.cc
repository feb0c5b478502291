#include "model_info.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "info_rows.h"
#include "name_list.h"
#include "numbers.h"
#include "preparation_info.h"

namespace incipit::cli {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

std::string model_text(const Model& model) {
  const ModelInfo& info = model.info();
  return info_row("model", info.folder.string()) + info_row("type", info.model_type) +
         info_row("architectures", name_list(info.architectures)) +
         info_row("parameters", info.backbone_parameters) + info_row("layers", info.num_layers) +
         info_row("hidden size", info.hidden_size) + info_row("attention heads", info.num_attention_heads) +
         info_row("intermediate size", info.intermediate_size) + info_row("vocabulary", info.vocab_size) +
         info_row("longest sequence", info.max_positions) + info_row("labels", name_list(info.labels)) +
         info_row("unused tensors", name_list(model.report().unused)) +
         info_row("newly initialised", name_list(model.report().newly_initialised)) +
         info_row("fingerprint", info.fingerprint);
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
  return info_json(json);
}

std::string adapter_text(const AdapterInfo& info) {
  std::string text = info_row("adapter", info.peft_type) + info_row("method", name_of(info.method)) +
                     info_row("head input", name_of(info.head_input)) +
                     (info.template_text.empty() ? "" : info_row("template", info.template_text)) +
                     info_row("virtual tokens", info.num_virtual_tokens) +
                     info_row("insert layer", info.insert_layer);
  text += info_row("longest text",
                   info.max_length > 0 ? with_thousands(info.max_length) + " tokens" : "what fits");
  text += info_row("labels", name_list(info.labels)) + info_row("base model", info.base_model);
  text +=
      info_row("base fingerprint", info.base_fingerprint.empty() ? "not recorded" : info.base_fingerprint);
  text += info_row("training texts", static_cast<std::int64_t>(info.training_texts.size()));
  if (info.preparation.kind != Preparation::Kind::none)
    text += info_row("preparation", preparation_text(info.preparation));
  for (const auto& [key, value] : info.provenance) text += info_row("  " + key, value);
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
  return info_json(json);
}

}  // namespace incipit::cli
