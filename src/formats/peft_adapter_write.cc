#include <span>
#include <string_view>

#include "base/file.h"
#include "formats/peft_adapter.h"
#include "formats/safetensors.h"
#include "formats/strict_json.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

/// The release of PEFT whose files these are.
constexpr std::string_view kPeftVersion = "0.21.2";

Json text_or_null(const std::string& text) {
  return text.empty() ? Json() : Json(text);
}

Json size_or_null(const std::optional<std::int64_t>& size) {
  return size ? Json(*size) : Json();
}

/// modules_to_save as PEFT's first save has it: it adds its names of a head twice.
Json modules_to_save(const std::string& task_type) {
  if (task_type != "SEQ_CLS") return nullptr;
  return {"classifier", "score", "classifier", "score"};
}

Json prompt_tuning_config(const AdapterConfig& config) {
  return {{"auto_mapping", nullptr},
          {"base_model_name_or_path", text_or_null(config.base_model_name_or_path)},
          {"inference_mode", true},
          {"modules_to_save", modules_to_save(config.task_type)},
          {"num_attention_heads", size_or_null(config.num_attention_heads)},
          {"num_layers", size_or_null(config.num_layers)},
          {"num_transformer_submodules", config.task_type == "SEQ_2_SEQ_LM" ? 2 : 1},
          {"num_virtual_tokens", size_or_null(config.num_virtual_tokens)},
          {"peft_type", config.peft_type},
          {"peft_version", kPeftVersion},
          {"prompt_tuning_init", config.prompt_tuning_init.empty() ? "RANDOM" : config.prompt_tuning_init},
          {"prompt_tuning_init_text", text_or_null(config.prompt_tuning_init_text)},
          {"revision", nullptr},
          {"task_type", text_or_null(config.task_type)},
          {"token_dim", size_or_null(config.token_dim)},
          {"tokenizer_kwargs", nullptr},
          {"tokenizer_name_or_path", text_or_null(config.tokenizer_name_or_path)}};
}

/// Our own folders: what is known, and nothing that only PEFT would look for.
Json incipit_config(const AdapterConfig& config) {
  Json json = {{"base_model_name_or_path", text_or_null(config.base_model_name_or_path)},
               {"num_attention_heads", size_or_null(config.num_attention_heads)},
               {"num_layers", size_or_null(config.num_layers)},
               {"num_virtual_tokens", size_or_null(config.num_virtual_tokens)},
               {"peft_type", config.peft_type},
               {"prompt_tuning_init", text_or_null(config.prompt_tuning_init)},
               {"prompt_tuning_init_text", text_or_null(config.prompt_tuning_init_text)},
               {"task_type", text_or_null(config.task_type)},
               {"token_dim", size_or_null(config.token_dim)},
               {"tokenizer_name_or_path", text_or_null(config.tokenizer_name_or_path)}};
  for (auto entry = json.begin(); entry != json.end();)
    entry = entry->is_null() ? json.erase(entry) : std::next(entry);
  return json;
}

Result<std::string> config_text(const AdapterConfig& config, const fs::path& file) {
  if (config.peft_type != "PROMPT_TUNING" && config.peft_type != "INCIPIT")
    return fail("{}: peft_type {} is not written, only PROMPT_TUNING and INCIPIT are", file.string(),
                quote_text(config.peft_type));
  const Json json = config.peft_type == "INCIPIT" ? incipit_config(config) : prompt_tuning_config(config);
  try {
    return json.dump(2, ' ', true);  // Python's json.dumps escapes all but ASCII, too
  } catch (const Json::exception&) {
    return fail("{}: one of its texts is not UTF-8", file.string());
  }
}

}  // namespace

Status write_adapter_files(const fs::path& folder, const AdapterConfig& config,
                           const std::map<std::string, AdapterTensor>& tensors) {
  const fs::path config_file = folder / "adapter_config.json";
  INCIPIT_TRY(const std::string text, config_text(config, config_file));
  std::vector<OutputTensor> output;
  for (const auto& [name, tensor] : tensors) output.push_back({name, tensor.shape, tensor.values.values()});
  INCIPIT_CHECK(write_file(folder / "adapter_model.safetensors", serialize_safetensors(std::move(output))));
  return write_file(config_file, text);
}

}  // namespace incipit
