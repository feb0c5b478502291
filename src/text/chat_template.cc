#include "text/chat_template.h"

#include <vector>

#include "text/owned_text.h"

namespace incipit {
namespace {

incipit_view view_of(const std::string& text) {
  return {text.data(), text.size()};
}

}  // namespace

Result<std::string> render_chat(const ChatTemplate& chat_template, std::span<const ChatMessage> messages) {
  std::vector<incipit_message> given;
  for (const ChatMessage& message : messages)
    given.push_back({view_of(message.role), view_of(message.content)});
  incipit_text text{};
  const auto error =
      take(incipit_chat_render(view_of(chat_template.source), given.data(), given.size(),
                               view_of(chat_template.bos_token), view_of(chat_template.eos_token), &text));
  if (error) return fail("chat template: {}", *error);
  return take(text).value_or("");
}

}  // namespace incipit
