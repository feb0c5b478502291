#include "gguf_info.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "info_rows.h"

namespace incipit::cli {
namespace {

/// "Q4_1 210, F32 61"
std::string counts_text(const GgufInfo& info) {
  std::string text;
  for (const auto& [type, count] : info.tensor_types)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", type, count);
  return text;
}

}  // namespace

std::string gguf_text(const GgufInfo& info) {
  const ModelInfo& model = info.model;
  return info_row("model", model.folder.string()) + info_row("name", info.name) +
         info_row("license", info.license) + info_row("type", model.model_type) +
         info_row("parameters", model.backbone_parameters) + info_row("tensors", counts_text(info)) +
         info_row("layers", model.num_layers) + info_row("hidden size", model.hidden_size) +
         info_row("attention heads", model.num_attention_heads) +
         info_row("key/value heads", info.num_key_value_heads) + info_row("head size", info.head_dim) +
         info_row("intermediate size", model.intermediate_size) +
         info_row("output", info.tie_word_embeddings ? "the word embeddings" : "its own tensor") +
         info_row("vocabulary", model.vocab_size) + info_row("tokenizer", info.tokenizer_kind) +
         info_row("longest sequence", model.max_positions) +
         info_row("chat template", model.chat_template.empty() ? "none" : model.chat_template);
}

std::string gguf_json(const GgufInfo& info) {
  const ModelInfo& model = info.model;
  nlohmann::ordered_json json;
  json["kind"] = "model";
  json["format"] = "gguf";
  json["file"] = model.folder.string();
  json["name"] = info.name;
  json["license"] = info.license;
  json["model_type"] = model.model_type;
  json["parameters"] = model.backbone_parameters;
  for (const auto& [type, count] : info.tensor_types) json["tensors"][type] = count;
  json["num_layers"] = model.num_layers;
  json["hidden_size"] = model.hidden_size;
  json["num_attention_heads"] = model.num_attention_heads;
  json["num_key_value_heads"] = info.num_key_value_heads;
  json["head_dim"] = info.head_dim;
  json["intermediate_size"] = model.intermediate_size;
  json["tie_word_embeddings"] = info.tie_word_embeddings;
  json["vocab_size"] = model.vocab_size;
  json["tokenizer"] = info.tokenizer_kind;
  json["max_positions"] = model.max_positions;
  json["chat_template"] = model.chat_template;
  return info_json(json);
}

}  // namespace incipit::cli
