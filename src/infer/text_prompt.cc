#include "infer/text_prompt.h"

#include <algorithm>

#include "incipit/adapter.h"

#include "backbone/backbone.h"
#include "formats/peft_adapter.h"
#include "model/adapter_files.h"
#include "model/chat_files.h"
#include "prompt/soft_prompt.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

/// A language model's prompt that PEFT wrote: rows before the text, and no labels that a classifier has.
Result<TextPrompt> peft_prompt(const Model& model, const AdapterFile& file, const fs::path& folder) {
  const auto stored = file.tensors.find(std::string(kPeftPromptTensor));
  if (stored == file.tensors.end())
    return fail("{}: tensor {} is missing", folder.string(), kPeftPromptTensor);
  const Matrix& values = stored->second.values;
  if (values.cols() != model.info().hidden_size)
    return fail("{}: tensor {} is [{}, {}], this model needs [{}, {}]", folder.string(), kPeftPromptTensor,
                values.rows(), values.cols(), values.rows(), model.info().hidden_size);
  auto prompt = std::make_unique<SoftPrompt>(values.rows(), values.cols());
  std::copy_n(values.data(), values.size(), prompt->parameters().front()->value.data());
  return TextPrompt{Template(values.rows(), 0), std::move(prompt), 0, {}};
}

Result<TextPrompt> adapter_prompt(const Model& model, const PromptSource& source) {
  INCIPIT_TRY(const AdapterFile file, read_adapter_folder(source.adapter));
  INCIPIT_TRY(const AdapterInfo info, adapter_info(source.adapter, file));
  if (is_language_prompt(info, file)) return peft_prompt(model, file, source.adapter);
  INCIPIT_TRY(const Adapter adapter, Adapter::load(source.adapter, model, source.force));
  return TextPrompt{adapter.input_template(), adapter.prompt().clone(), adapter.info().max_length,
                    adapter.info().preparation};
}

Result<TextPrompt> without_chat(const Model& model, const PromptSource& source) {
  if (!source.adapter.empty()) {
    if (!source.template_text.empty())
      return fail("{}: an adapter has its own template; another cannot be put in its place",
                  source.adapter.string());
    return adapter_prompt(model, source);
  }
  auto none = std::make_unique<SoftPrompt>(0, model.info().hidden_size);
  if (source.template_text.empty()) return TextPrompt{Template(0, 0), std::move(none), 0, {}};
  INCIPIT_TRY(Template made, Template::create(source.template_text, 0, 0, model.tokenizer(), true));
  if (made.rows() > 0) return fail("the template has virtual tokens, which only an adapter says anything of");
  return TextPrompt{std::move(made), std::move(none), 0, {}};
}

}  // namespace

Result<TextPrompt> make_text_prompt(const Model& model, const PromptSource& source) {
  INCIPIT_TRY(TextPrompt prompt, without_chat(model, source));
  if (!source.chat) return prompt;
  if (prompt.input_template.fixed_tokens() > 0 || !prompt.input_template.rows_come_first())
    return fail("a template and the model's chat template cannot both stand around the text");
  INCIPIT_TRY(prompt.chat, read_chat_template(model));
  prompt.system = source.system;
  return prompt;
}

Result<TemplatedExample> TextPrompt::apply(const Model& model, const Example& example) const {
  const PositionRule& positions = model.backbone().spec().positions;
  const std::int64_t room = input_template.room(positions);
  if (!chat)
    return input_template.apply(model.tokenizer(), positions, example.text_a, example.text_b,
                                max_length > 0 ? max_length : room);
  std::vector<ChatMessage> messages;
  if (!system.empty()) messages.push_back({"system", system});
  messages.push_back({"user", example.text_a});
  const auto text = render_chat(*chat, messages);
  if (!text) return fail("{}: {}", model.info().folder.string(), text.error().message);
  Encoding encoding;
  INCIPIT_TRY(encoding.ids, model.tokenizer().encode_words(*text));
  encoding.type_ids.assign(encoding.ids.size(), 0);
  if (encoding.ids.empty() || std::ssize(encoding.ids) > room)
    return fail("the chat is {} tokens, 1 to {} fit", encoding.ids.size(), room);
  return input_template.arrange(encoding, positions);
}

}  // namespace incipit
