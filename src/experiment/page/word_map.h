#pragma once

#include "incipit/inspect.h"

#include "experiment/page/html.h"

namespace incipit {

/// Virtual tokens among words in two dimensions; empty where words cannot be compared with them.
Markup word_map(const PromptInspection& prompt);

}  // namespace incipit
