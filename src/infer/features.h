#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "incipit/adapter.h"
#include "incipit/dataset.h"
#include "incipit/model.h"
#include "incipit/predict.h"

#include "infer/packed_run.h"
#include "prompt/template.h"
#include "tensor/matrix.h"

namespace incipit {

/// Examples as the adapter's template has them; tokenized in parallel. `before`, where given: [examples] ids
/// in front of each one's template. Fails naming the example.
Result<std::vector<TemplatedExample>> apply_template(
    const Model& model, const Adapter& adapter, std::span<const Example> examples,
    std::span<const std::span<const std::int32_t>> before = {});

/// What the adapter's scorer reads, [examples, feature_width], in their order; run in batches of like
/// lengths of at most max_batch_tokens. `progress` may be null.
Status run_features(PackedRun& run, const Adapter& adapter, std::span<const TemplatedExample> examples,
                    std::int64_t max_batch_tokens, const std::function<void(std::int64_t done)>& progress,
                    Matrix& features);

/// What the adapter's scorer makes of them, without the `truncated` flag.
std::vector<Prediction> predict_from_features(const Adapter& adapter, const Matrix& features);

}  // namespace incipit
