#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "incipit/adapter.h"
#include "incipit/dataset.h"
#include "incipit/model.h"

#include "infer/packed_run.h"
#include "prompt/templated_example.h"

namespace incipit {

/// What the parts of a prompt are worth: accuracy on some examples.
struct RemovalAccuracy {
  double whole = 0;             // with all virtual tokens
  double none = 0;              // without any
  std::vector<double> without;  // [virtual tokens] without this one alone
};

/// Every example (at least one, labelled) is run once with the whole prompt, once without each virtual token,
/// once without any: as adapters of fewer tokens would run it, see without_rows(). The head stays as it was
/// trained; one that reads the first row reads what stands first then: the next virtual token, or [CLS].
/// `templated`: the examples as the adapter's template has them. `progress` is told how many of the
/// examples × (virtual tokens + 2) runs are done.
Result<RemovalAccuracy> measure_removal(const Model& model, const Adapter& adapter,
                                        std::span<const Example> examples,
                                        std::span<const TemplatedExample> templated,
                                        std::int64_t max_batch_tokens, PackedRun& run,
                                        const std::function<void(std::int64_t done)>& progress);

}  // namespace incipit
