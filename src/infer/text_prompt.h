#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "incipit/generate.h"
#include "incipit/model.h"
#include "incipit/preparation.h"
#include "incipit/result.h"

#include "prompt/prompt_method.h"
#include "prompt/template.h"
#include "text/chat_template.h"

namespace incipit {

/// A prompt without anything that scores: what an adapter puts around a text.
struct TextPrompt {
  Template input_template;
  std::unique_ptr<PromptMethod> prompt;
  std::int64_t max_length = 0;  // see AdapterInfo; 0: as much as fits
  Preparation preparation;
  std::optional<ChatTemplate> chat{};  // around the text, in place of a template with words
  std::string system{};                // see PromptSource

  /// The text as the model reads it. Fails where a chat does not fit.
  Result<TemplatedExample> apply(const Model& model, const Example& example) const;
};

Result<TextPrompt> make_text_prompt(const Model& model, const PromptSource& source);

}  // namespace incipit
