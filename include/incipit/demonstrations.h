#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "incipit/adapter.h"
#include "incipit/dataset.h"
#include "incipit/hard_prompt.h"
#include "incipit/model.h"
#include "incipit/result.h"

namespace incipit {

enum class ShotChoice {
  random,   // drawn once for all texts, as many of each label
  nearest,  // for each text those whose mean word embedding has the greatest cosine with its own
};
std::optional<ShotChoice> shot_choice_by_name(std::string_view name);

/// Solved examples in front of a hard prompt's template (few-shot prompting, Brown et al. 2020).
struct ShotOptions {
  std::int64_t shots = 0;
  std::int64_t tokens = 0;  // that they may have in all; 0: half of the longest sequence
  std::uint64_t seed = 0;   // ShotChoice::random
};

/// Those that were drawn.
struct Demonstrations {
  std::string template_text;         // the template with them in front
  std::int64_t count = 0;            // less than asked for where tokens or examples did not suffice
  std::vector<std::uint64_t> texts;  // [count] their text_hash, sorted
};

/// Draws them from the labelled examples of a pool, in turn of every label, until one does not fit. Fails
/// where the prompt does not fit the model, and where the pool has no labelled example.
Result<Demonstrations> draw_demonstrations(const Model& model, const HardPrompt& prompt,
                                           const std::vector<std::string>& labels,
                                           std::span<const Example> pool, const ShotOptions& options);

/// Finds the demonstrations of each text among a pool; the nearest one stands last. An example that is the
/// text itself is never among them. Immutable and thread-safe.
class NearestDemonstrations {
 public:
  /// For an adapter with a verbalizer, which says template, words and labels. The model must outlive it.
  static Result<NearestDemonstrations> create(const Model& model, const Adapter& adapter,
                                              std::vector<Example> pool, const ShotOptions& options);

  struct Found {
    std::vector<std::size_t> examples;  // of the pool, farthest first
    std::vector<std::int32_t> ids;      // of all of them
  };
  /// Leaves out the farthest where tokens do not suffice for all.
  Result<Found> find(const Example& example) const;
  const Example& example(std::size_t index) const;

 private:
  struct State;
  explicit NearestDemonstrations(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

}  // namespace incipit
