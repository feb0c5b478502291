#include "experiment/prompt_look.h"

#include <algorithm>
#include <span>

namespace incipit {

#ifdef INCIPIT_HAS_INSPECT

std::optional<PromptInspection> look_at_prompt(const Model& model, const Adapter& adapter,
                                               const ExperimentRun& run, TrainObserver& observer) {
  // Each virtual token is taken away in turn, so that the examples are run once a token.
  constexpr std::size_t kMostExamples = 100;
  if (adapter.info().num_virtual_tokens == 0 || run.options.epochs == 0) return std::nullopt;
  const std::vector<Example>& examples = (run.held_out ? run.held_out : run.test)->examples;
  InspectOptions options;
  options.max_batch_tokens = run.options.max_batch_tokens;
  auto inspection =
      inspect(model, adapter, std::span(examples).first(std::min(examples.size(), kMostExamples)), options,
              [](std::int64_t, std::int64_t) {});
  if (inspection) return std::move(*inspection);
  observer.on_warning("the prompt could not be looked into: " + inspection.error().message);
  return std::nullopt;
}

#else

std::optional<PromptInspection> look_at_prompt(const Model& /*model*/, const Adapter& /*adapter*/,
                                               const ExperimentRun& /*run*/, TrainObserver& /*observer*/) {
  return std::nullopt;
}

#endif

}  // namespace incipit
