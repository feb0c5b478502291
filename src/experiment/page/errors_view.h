#pragma once

#include "incipit/comparison.h"

#include "experiment/page/html.h"

namespace incipit {

/// The test texts by true and predicted label, of all seeds together; empty where not known.
Markup confusion_table(const Comparison& comparison, const RunRecord& run);
/// The texts that a run got wrong while being surest, each once; empty where there are none.
Markup wrong_examples(const Comparison& comparison, const RunRecord& run);

}  // namespace incipit
