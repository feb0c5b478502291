#pragma once

#include "incipit/model.h"
#include "incipit/result.h"

#include "text/chat_template.h"

namespace incipit {

/// The model's chat template: of a GGUF file its own; of a folder chat_template.jinja, else chat_template in
/// tokenizer_config.json (of several the one named "default"). Fails where there is none.
Result<ChatTemplate> read_chat_template(const Model& model);

}  // namespace incipit
