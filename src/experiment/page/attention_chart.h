#pragma once

#include "incipit/inspect.h"

#include "experiment/page/html.h"

namespace incipit {

/// What the rows that the head reads look at, layer by layer; empty where not measured.
Markup attention_chart(const PromptInspection& prompt);

}  // namespace incipit
