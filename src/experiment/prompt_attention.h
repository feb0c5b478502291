#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "incipit/adapter.h"
#include "incipit/inspect.h"
#include "incipit/model.h"

#include "infer/packed_run.h"
#include "prompt/templated_example.h"

namespace incipit {

/// What the rows that the adapter's head reads look at, mean over heads, those rows and the examples (at
/// least one), by layer from the lowest where the prompt is present. A virtual token that stands in several
/// places has the sum. `progress` is told how many examples are done.
Result<std::vector<LayerAttention>> prompt_attention(const Model& model, const Adapter& adapter,
                                                     std::span<const TemplatedExample> examples,
                                                     std::int64_t max_batch_tokens, PackedRun& run,
                                                     const std::function<void(std::int64_t done)>& progress);

}  // namespace incipit
