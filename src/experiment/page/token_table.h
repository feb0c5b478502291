#pragma once

#include "incipit/inspect.h"

#include "experiment/page/html.h"

namespace incipit {

/// A virtual token a line: its nearest words beside what chance gives, and its figures.
Markup token_table(const PromptInspection& prompt);

}  // namespace incipit
