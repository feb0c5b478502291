#include "formats/peft_adapter.h"

#include <algorithm>
#include <limits>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include "formats/safetensors.h"
#include "formats/strict_json.h"
#include "formats/tensor_values.h"
#include "formats/torch_pickle.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using Tensors = std::map<std::string, AdapterTensor>;

constexpr const char* kConfigName = "adapter_config.json";
constexpr const char* kWeightsName = "adapter_model.safetensors";
constexpr const char* kOldWeightsName = "adapter_model.bin";

bool has_config(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(folder / kConfigName, ignored);
}

/// The folder itself, or its one sub-folder with a config.
Result<fs::path> find_adapter(const fs::path& folder) {
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (!fs::exists(status)) return fail("{}: no such folder", folder.string());
  if (!fs::is_directory(status)) return fail("{}: is a file, an adapter is a folder", folder.string());
  if (has_config(folder)) return folder;
  std::vector<fs::path> found;
  auto entry = fs::directory_iterator(folder, error);
  while (!error && entry != fs::directory_iterator()) {
    std::error_code ignored;
    if (entry->is_directory(ignored) && has_config(entry->path())) found.push_back(entry->path());
    entry.increment(error);
  }
  if (error) return fail("{}: {}", folder.string(), error.message());
  if (found.size() == 1) return found.front();
  if (found.empty()) return fail("{}: not an adapter, it has no {}", folder.string(), kConfigName);
  std::sort(found.begin(), found.end());
  return fail("{}: holds {} adapters; name one, such as {}", folder.string(), found.size(),
              found.front().string());
}

/// A string that may be missing or null, which read as "".
Result<std::string> optional_text(const Json& json, const char* key, const fs::path& file) {
  const auto found = json.find(key);
  if (found == json.end() || found->is_null()) return std::string();
  if (!found->is_string())
    return fail("{}: {} must be a string or null, not a {}", file.string(), key, found->type_name());
  return found->get<std::string>();
}

/// A positive integer that may be missing or null.
Result<std::optional<std::int64_t>> optional_size(const Json& json, const char* key, const fs::path& file) {
  constexpr std::uint64_t kMax = std::numeric_limits<std::int32_t>::max();
  const auto found = json.find(key);
  if (found == json.end() || found->is_null()) return std::nullopt;
  const bool fits =
      found->is_number_unsigned() && found->get<std::uint64_t>() >= 1 && found->get<std::uint64_t>() <= kMax;
  if (!fits) return fail("{}: {} must be a positive integer or null", file.string(), key);
  return found->get<std::int64_t>();
}

Result<AdapterConfig> read_config(const fs::path& file) {
  AdapterConfig config;
  INCIPIT_TRY(config.json, read_json_object(file));
  const std::pair<const char*, std::string*> texts[] = {
      {"peft_type", &config.peft_type},
      {"task_type", &config.task_type},
      {"base_model_name_or_path", &config.base_model_name_or_path},
      {"prompt_tuning_init", &config.prompt_tuning_init},
      {"prompt_tuning_init_text", &config.prompt_tuning_init_text},
      {"tokenizer_name_or_path", &config.tokenizer_name_or_path}};
  for (const auto& [key, field] : texts) {
    INCIPIT_TRY(*field, optional_text(config.json, key, file));
  }
  const std::pair<const char*, std::optional<std::int64_t>*> sizes[] = {
      {"num_virtual_tokens", &config.num_virtual_tokens},
      {"token_dim", &config.token_dim},
      {"num_layers", &config.num_layers},
      {"num_attention_heads", &config.num_attention_heads}};
  for (const auto& [key, field] : sizes) {
    INCIPIT_TRY(*field, optional_size(config.json, key, file));
  }
  if (config.peft_type.empty())
    return fail("{}: peft_type is missing; it names the method, such as \"PROMPT_TUNING\"", file.string());
  return config;
}

Result<AdapterTensor> to_adapter_tensor(const StoredTensor& stored, const fs::path& file) {
  const std::size_t dimensions = stored.shape.size();
  if (dimensions != 1 && dimensions != 2)
    return fail("{}: tensor {} has shape {}, one or two dimensions are read", file.string(),
                quote_text(stored.name), shape_text(stored.shape));
  INCIPIT_TRY(Matrix values,
              read_values(stored, dimensions == 2 ? stored.shape[0] : 1, stored.shape.back(), file));
  return AdapterTensor{stored.shape, std::move(values)};
}

Result<Tensors> read_safetensors(const fs::path& file) {
  INCIPIT_TRY(const TensorStore store, TensorStore::open(file));
  Tensors tensors;
  for (const StoredTensor& stored : store.tensors()) {
    INCIPIT_TRY(AdapterTensor tensor, to_adapter_tensor(stored, file));
    tensors.emplace(stored.name, std::move(tensor));
  }
  return tensors;
}

Result<Tensors> read_bin(const fs::path& file) {
  INCIPIT_TRY(const auto state_dict, read_torch_state_dict(file));
  Tensors tensors;
  for (const auto& [name, torch] : state_dict) {
    const StoredTensor stored{name, torch.dtype, torch.shape, std::as_bytes(std::span(torch.bytes))};
    INCIPIT_TRY(AdapterTensor tensor, to_adapter_tensor(stored, file));
    tensors.emplace(name, std::move(tensor));
  }
  return tensors;
}

Result<Tensors> read_weights(const fs::path& folder) {
  std::error_code ignored;
  if (fs::exists(folder / kWeightsName, ignored)) return read_safetensors(folder / kWeightsName);
  if (fs::exists(folder / kOldWeightsName, ignored)) return read_bin(folder / kOldWeightsName);
  return fail("{}: has neither {} nor {}", folder.string(), kWeightsName, kOldWeightsName);
}

}  // namespace

Result<AdapterFile> read_adapter_folder(const fs::path& folder) {
  INCIPIT_TRY(const fs::path found, find_adapter(folder));
  AdapterFile file;
  INCIPIT_TRY(file.config, read_config(found / kConfigName));
  INCIPIT_TRY(file.tensors, read_weights(found));
  return file;
}

}  // namespace incipit
