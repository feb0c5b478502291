#pragma once

#include "incipit/inspect.h"

#include "experiment/page/html.h"

namespace incipit {

/// The cosine of each two virtual tokens; empty where not known. Of long prompts the first ones.
Markup similarity_chart(const PromptInspection& prompt);

}  // namespace incipit
