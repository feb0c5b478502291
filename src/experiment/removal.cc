#include "experiment/removal.h"

#include <algorithm>

#include "backbone/backbone.h"
#include "infer/features.h"
#include "prompt/prompt_method.h"

namespace incipit {
namespace {

constexpr std::size_t kExamples = 128;  // whose variants are in memory at once

/// Rows to leave out, a variant each: nothing, each row alone, all.
std::vector<std::vector<bool>> variants(std::size_t rows) {
  std::vector<std::vector<bool>> removed(rows + 2, std::vector<bool>(rows, false));
  for (std::size_t r = 0; r < rows; ++r) removed[r + 1][r] = true;
  removed.back().assign(rows, true);
  return removed;
}

}  // namespace

Result<RemovalAccuracy> measure_removal(const Model& model, const Adapter& adapter,
                                        std::span<const Example> examples,
                                        std::span<const TemplatedExample> templated,
                                        std::int64_t max_batch_tokens, PackedRun& run,
                                        const std::function<void(std::int64_t)>& progress) {
  const PositionRule& rule = model.backbone().spec().positions;
  const auto removed = variants(static_cast<std::size_t>(adapter.prompt().rows()));
  std::vector<double> right(removed.size());
  std::vector<TemplatedExample> runs;
  Matrix vectors;
  std::int64_t done = 0;
  for (std::size_t first = 0; first < templated.size(); first += kExamples) {
    const std::size_t count = std::min(kExamples, templated.size() - first);
    runs.clear();  // all variants together, so that batches are full
    for (const std::vector<bool>& rows : removed)
      for (std::size_t e = first; e < first + count; ++e)
        runs.push_back(without_rows(templated[e], rows, rule));
    INCIPIT_CHECK(run_features(
        run, adapter, runs, max_batch_tokens, [&](std::int64_t batch) { progress(done + batch); }, vectors));
    done += std::ssize(runs);
    const std::vector<Prediction> predictions = predict_from_features(adapter, vectors);
    for (std::size_t i = 0; i < predictions.size(); ++i)
      right[i / count] += predictions[i].label == examples[first + i % count].label ? 1 : 0;
  }
  for (double& value : right) value /= static_cast<double>(examples.size());
  return RemovalAccuracy{right.front(), right.back(), {right.begin() + 1, right.end() - 1}};
}

}  // namespace incipit
