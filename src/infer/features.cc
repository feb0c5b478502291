#include "infer/features.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "base/parallel.h"
#include "infer/micro_batches.h"
#include "score/loss.h"
#include "score/scorer.h"

namespace incipit {
namespace {

constexpr std::int64_t kScoredRows = 256;  // examples that a scorer is given at once

}  // namespace

Result<std::vector<TemplatedExample>> apply_template(const Model& model, const Adapter& adapter,
                                                     std::span<const Example> examples,
                                                     std::span<const std::span<const std::int32_t>> before) {
  std::vector<TemplatedExample> templated(examples.size());
  std::vector<std::optional<Error>> errors(examples.size());
  parallel_for(static_cast<std::int64_t>(examples.size()), 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const auto e = static_cast<std::size_t>(i);
      auto applied = adapter.input_template().apply(
          model.tokenizer(), model.backbone().spec().positions, examples[e].text_a, examples[e].text_b,
          adapter.info().max_length, before.empty() ? std::span<const std::int32_t>() : before[e]);
      if (applied)
        templated[e] = std::move(*applied);
      else
        errors[e] = std::move(applied).error();
    }
  });
  for (std::size_t e = 0; e < errors.size(); ++e)
    if (errors[e]) return fail("example {}: {}", examples[e].id, errors[e]->message);
  return templated;
}

Status run_features(PackedRun& run, const Adapter& adapter, std::span<const TemplatedExample> examples,
                    std::int64_t max_batch_tokens, const std::function<void(std::int64_t)>& progress,
                    Matrix& features) {
  std::vector<std::size_t> order(examples.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return examples[a].size() < examples[b].size(); });
  // Tokens that are run once a batch take no room of the others.
  const std::int64_t shared = run.shared_tokens(adapter, examples);
  const std::int64_t most_own =
      std::max(max_batch_tokens - shared, std::max<std::int64_t>(1, max_batch_tokens / 2));
  std::vector<std::int64_t> sizes;
  for (const std::size_t e : order) sizes.push_back(examples[e].size() - shared);

  features.resize(static_cast<std::int64_t>(examples.size()), adapter.scorer().feature_width());
  const Adapter* const adapters[] = {&adapter};
  std::vector<WorkItem> items;
  Matrix batch_features;
  std::int64_t done = 0;
  for (const IndexRange& range : split_by_size(sizes, most_own)) {
    items.clear();
    for (std::size_t i = range.begin; i < range.end; ++i) items.push_back({&examples[order[i]], 0, order[i]});
    INCIPIT_CHECK(run.forward(adapters, items, {}, batch_features));
    for (std::size_t i = 0; i < items.size(); ++i)
      std::copy_n(batch_features.row(static_cast<std::int64_t>(i)), features.cols(),
                  features.row(static_cast<std::int64_t>(order[range.begin + i])));
    done += static_cast<std::int64_t>(items.size());
    if (progress) progress(done);
  }
  return {};
}

std::vector<Prediction> predict_from_features(const Adapter& adapter, const Matrix& features) {
  std::vector<Prediction> predictions;
  ScorePass pass;
  Matrix probabilities;
  for (std::int64_t first = 0; first < features.rows(); first += kScoredRows) {
    const std::int64_t count = std::min(kScoredRows, features.rows() - first);
    adapter.scorer().forward({features.row(first), count, features.cols(), features.cols()}, {}, pass);
    probabilities.resize(pass.logits.rows(), pass.logits.cols());
    softmax(std::as_const(pass.logits).view(), probabilities.view());
    for (std::int64_t i = 0; i < count; ++i) {
      Prediction prediction;
      const float* row = probabilities.row(i);
      prediction.label = static_cast<int>(std::max_element(row, row + probabilities.cols()) - row);
      prediction.probabilities.assign(row, row + probabilities.cols());
      prediction.logits.assign(pass.logits.row(i), pass.logits.row(i) + pass.logits.cols());
      predictions.push_back(std::move(prediction));
    }
  }
  return predictions;
}

}  // namespace incipit
