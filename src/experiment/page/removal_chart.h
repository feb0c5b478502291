#pragma once

#include "incipit/inspect.h"

#include "experiment/page/html.h"

namespace incipit {

/// The accuracy when each virtual token alone is removed, as bars from that of the whole prompt; empty where
/// not measured.
Markup removal_chart(const PromptInspection& prompt);

}  // namespace incipit
