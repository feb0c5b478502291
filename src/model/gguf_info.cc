#include "incipit/gguf_info.h"

#include <algorithm>
#include <map>

#include "formats/gguf_config.h"
#include "model/model_files.h"

namespace incipit {
namespace {

std::vector<std::pair<std::string, std::int64_t>> count_types(const GgufFile& file) {
  std::map<std::string, std::int64_t> counts;
  for (const GgufTensor& tensor : file.tensors()) ++counts[std::string(tensor.type->name())];
  std::vector<std::pair<std::string, std::int64_t>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  return sorted;
}

std::int64_t count_parameters(const GgufFile& file) {
  std::int64_t count = 0;
  for (const GgufTensor& tensor : file.tensors()) {
    std::int64_t size = 1;
    for (const std::int64_t side : tensor.shape) size *= side;
    count += size;
  }
  return count;
}

ModelInfo model_info(const GgufFile& file, const HfConfig& config) {
  ModelInfo info;
  info.folder = file.path();
  info.model_type = config.model_type;
  info.architectures = config.architectures;
  info.hidden_size = config.hidden_size;
  info.num_layers = config.num_hidden_layers;
  info.num_attention_heads = config.num_attention_heads;
  info.intermediate_size = config.intermediate_size;
  info.vocab_size = config.vocab_size;
  info.max_positions = config.max_position_embeddings;
  info.backbone_parameters = count_parameters(file);
  info.end_tokens = config.end_tokens;
  return info;
}

Result<std::string> text_or_empty(const GgufFile& file, std::string_view key) {
  INCIPIT_TRY(std::optional<std::string> text, file.text(key));
  return std::move(text).value_or("");
}

}  // namespace

Result<std::optional<GgufInfo>> read_gguf_info(const std::filesystem::path& path) {
  INCIPIT_TRY(const std::optional<std::filesystem::path> found, find_gguf(path));
  if (!found) return std::nullopt;
  INCIPIT_TRY(const GgufFile file, GgufFile::open(*found));
  INCIPIT_TRY(const GgufConfig config, read_gguf_config(file));
  INCIPIT_TRY(Tokenizer tokenizer, tokenizer_of(file));
  GgufInfo info{model_info(file, hf_config(config)), "", "", "", 0, 0, false, {}, std::move(tokenizer)};
  INCIPIT_TRY(info.model.chat_template, chat_template_of(file));
  INCIPIT_TRY(info.name, text_or_empty(file, "general.name"));
  INCIPIT_TRY(info.license, text_or_empty(file, "general.license"));
  INCIPIT_TRY(info.tokenizer_kind, text_or_empty(file, "tokenizer.ggml.model"));
  INCIPIT_TRY(const std::string pre, text_or_empty(file, "tokenizer.ggml.pre"));
  if (!pre.empty()) info.tokenizer_kind += ", " + pre;
  info.num_key_value_heads = config.num_key_value_heads;
  info.head_dim = config.head_dim;
  info.tie_word_embeddings = config.tie_word_embeddings;
  info.tensor_types = count_types(file);
  return info;
}

}  // namespace incipit
