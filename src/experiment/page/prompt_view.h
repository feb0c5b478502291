#pragma once

#include "incipit/inspect.h"

#include "experiment/page/html.h"

namespace incipit {

/// A look into a soft prompt: its virtual tokens beside words and chance, how they moved, what reads them,
/// what each is worth. What was not measured is left out.
Markup prompt_view(const PromptInspection& prompt);

}  // namespace incipit
