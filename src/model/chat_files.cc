#include "model/chat_files.h"

#include <optional>
#include <system_error>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "formats/gguf_config.h"
#include "formats/strict_json.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::uint64_t kMaxBytes = 1u << 20;

/// A token as tokenizer_config.json has it: its text, or an object with it.
std::string token_text(const Json& config, const char* key) {
  const auto found = config.find(key);
  if (found == config.end()) return "";
  if (found->is_string()) return found->get<std::string>();
  return found->is_object() && found->contains("content") && (*found)["content"].is_string()
             ? (*found)["content"].get<std::string>()
             : "";
}

/// The field chat_template: a text, or a list of named ones.
std::string template_text(const Json& config) {
  const auto found = config.find("chat_template");
  if (found == config.end()) return "";
  if (found->is_string()) return found->get<std::string>();
  if (!found->is_array()) return "";
  for (const Json& one : *found)
    if (one.is_object() && token_text(one, "name") == "default") return token_text(one, "template");
  return "";
}

Result<ChatTemplate> of_folder(const fs::path& folder) {
  ChatTemplate chat;
  std::error_code error;
  if (const fs::path file = folder / "tokenizer_config.json"; fs::exists(file, error)) {
    INCIPIT_TRY(const Json config, read_json_object(file));
    chat = {template_text(config), token_text(config, "bos_token"), token_text(config, "eos_token")};
  }
  if (const fs::path file = folder / "chat_template.jinja"; fs::exists(file, error)) {
    INCIPIT_TRY(chat.source, read_file(file, kMaxBytes));
  }
  return chat;
}

Result<ChatTemplate> of_gguf(const fs::path& path, const Model& model) {
  INCIPIT_TRY(const GgufFile file, GgufFile::open(path));
  INCIPIT_TRY(const GgufConfig config, read_gguf_config(file));
  const auto text = [&](const std::optional<std::int64_t>& id) {
    return id ? model.tokenizer().token(static_cast<std::int32_t>(*id)).value_or("") : std::string();
  };
  return ChatTemplate{model.info().chat_template, text(config.bos_token_id), text(config.eos_token_id)};
}

}  // namespace

Result<ChatTemplate> read_chat_template(const Model& model) {
  const fs::path& path = model.info().folder;
  INCIPIT_TRY(const std::optional<fs::path> gguf, find_gguf(path));
  INCIPIT_TRY(ChatTemplate chat, gguf ? of_gguf(*gguf, model) : of_folder(path));
  if (chat.source.empty())
    return fail("{}: has no chat template{}", path.string(),
                gguf ? " (tokenizer.chat_template)" : " (chat_template.jinja, or in tokenizer_config.json)");
  return chat;
}

}  // namespace incipit
