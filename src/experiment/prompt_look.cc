#include "experiment/prompt_look.h"

namespace incipit {

std::optional<PromptInspection> look_at_prompt(const Model& model, const Adapter& adapter,
                                               const ExperimentRun& run, TrainObserver& observer) {
  // Each virtual token is taken away in turn, so that the examples are run once a token.
  constexpr std::size_t kMostExamples = 100;
  if (adapter.info().num_virtual_tokens == 0 || run.options.epochs == 0) return std::nullopt;
  const Dataset examples = sample(*(run.held_out ? run.held_out : run.test), kMostExamples, 0);
  InspectOptions options;
  options.max_batch_tokens = run.options.max_batch_tokens.value_or(options.max_batch_tokens);
  auto inspection = inspect(model, adapter, examples.examples, options, [](std::int64_t, std::int64_t) {});
  if (inspection) return std::move(*inspection);
  observer.on_warning("the prompt could not be looked into: " + inspection.error().message);
  return std::nullopt;
}

}  // namespace incipit
