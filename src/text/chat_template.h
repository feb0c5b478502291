#pragma once

#include <span>
#include <string>
#include <string_view>

#include "incipit/result.h"

namespace incipit {

struct ChatMessage {
  std::string role;  // such as system, user, assistant
  std::string content;
};

/// A model's chat template (Jinja) and the tokens that it may ask for.
struct ChatTemplate {
  std::string source;
  std::string bos_token, eos_token;
};

/// The chat and the start of the answer to it, as transformers'
/// apply_chat_template(add_generation_prompt=True) writes them. The template is not trusted: it reaches
/// nothing, and is stopped where it takes too long or makes too much. Errors are the template's, without its
/// file's name.
Result<std::string> render_chat(const ChatTemplate& chat_template, std::span<const ChatMessage> messages);

}  // namespace incipit
