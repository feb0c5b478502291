#include "model/model_files.h"

#include <optional>
#include <system_error>
#include <utility>

#include "formats/end_tokens.h"
#include "formats/gguf_config.h"
#include "formats/gguf_tokenizer.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

Result<ModelFiles> open_gguf(const fs::path& path) {
  INCIPIT_TRY(const GgufFile file, GgufFile::open(path));
  INCIPIT_TRY(const GgufConfig config, read_gguf_config(file));
  INCIPIT_TRY(TensorStore store, TensorStore::open(path));
  INCIPIT_TRY(Tokenizer tokenizer, tokenizer_of(file));
  INCIPIT_TRY(std::string chat_template, chat_template_of(file));
  return ModelFiles{hf_config(config), std::move(store), std::move(tokenizer), std::move(chat_template)};
}

}  // namespace

Result<ModelFiles> open_model_files(const fs::path& path) {
  INCIPIT_TRY(const std::optional<fs::path> gguf, find_gguf(path));
  if (gguf) return open_gguf(*gguf);
  std::error_code error;
  if (!fs::is_directory(path, error))
    return fail(
        "{}: not a model; a folder with config.json, model.safetensors and tokenizer.json, or a .gguf file, "
        "is needed",
        path.string());
  INCIPIT_TRY(HfConfig config, read_hf_config(path));
  INCIPIT_TRY(auto end_tokens, generation_end_tokens(path));
  if (end_tokens) config.end_tokens = std::move(*end_tokens);
  INCIPIT_TRY(TensorStore store, TensorStore::open(path));
  INCIPIT_TRY(Tokenizer tokenizer, Tokenizer::load(path));
  return ModelFiles{std::move(config), std::move(store), std::move(tokenizer), ""};
}

Result<Tokenizer> tokenizer_of(const GgufFile& file) {
  INCIPIT_TRY(const std::string json, gguf_tokenizer_json(file));
  return Tokenizer::from_json(json, file.path());
}

Result<std::string> chat_template_of(const GgufFile& file) {
  INCIPIT_TRY(std::optional<std::string> text, file.text("tokenizer.chat_template"));
  return std::move(text).value_or("");
}

}  // namespace incipit
