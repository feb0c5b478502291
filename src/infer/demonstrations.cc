#include "incipit/demonstrations.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/rng.h"
#include "infer/demonstration_writer.h"

namespace incipit {
namespace {

/// The pool's labelled examples, each text once, in an order that takes the labels in turn.
std::vector<const Example*> in_turn(std::span<const Example> pool, std::size_t labels, Rng& rng) {
  std::vector<std::vector<const Example*>> by_label(labels);
  std::set<std::uint64_t> seen;
  for (const Example& example : pool)
    if (example.label >= 0 && seen.insert(text_hash(example.text_a, example.text_b)).second)
      by_label[static_cast<std::size_t>(example.label)].push_back(&example);
  for (std::vector<const Example*>& own : by_label) rng.shuffle(std::span(own));
  rng.shuffle(std::span(by_label));  // no label is always the one that has one more
  std::vector<const Example*> ordered;
  for (std::size_t turn = 0, added = 1; added > 0; ++turn) {
    added = 0;
    for (const std::vector<const Example*>& own : by_label)
      if (turn < own.size()) {
        ordered.push_back(own[turn]);
        ++added;
      }
  }
  return ordered;
}

}  // namespace

std::optional<ShotChoice> shot_choice_by_name(std::string_view name) {
  if (name == "random") return ShotChoice::random;
  if (name == "nearest") return ShotChoice::nearest;
  return std::nullopt;
}

Result<Demonstrations> draw_demonstrations(const Model& model, const HardPrompt& prompt,
                                           const std::vector<std::string>& labels,
                                           std::span<const Example> pool, const ShotOptions& options) {
  HardPrompt plain = prompt;
  plain.calibration = Calibration::none;
  INCIPIT_TRY(const Adapter adapter, make_hard_prompt(model, plain, labels));
  INCIPIT_TRY(const DemonstrationWriter writer, DemonstrationWriter::create(model, adapter));
  Rng rng(options.seed);
  const std::vector<const Example*> candidates = in_turn(pool, labels.size(), rng);
  if (candidates.empty()) return fail("there is no labelled text to draw demonstrations from");
  const std::int64_t most_tokens = options.tokens > 0 ? options.tokens : writer.usual_tokens();
  std::vector<std::pair<std::string, std::uint64_t>> drawn;
  std::int64_t tokens = 0;
  for (const Example* example : candidates) {
    if (std::ssize(drawn) == options.shots) break;
    INCIPIT_TRY(WrittenDemonstration written, writer.write(*example));
    tokens += std::ssize(written.ids);
    if (tokens > most_tokens) break;
    drawn.emplace_back(std::move(written.source), text_hash(example->text_a, example->text_b));
  }
  rng.shuffle(std::span(drawn));  // a model likes to repeat what came last
  Demonstrations made;
  for (const auto& [source, hash] : drawn) {
    made.template_text += source;
    made.texts.push_back(hash);
  }
  std::sort(made.texts.begin(), made.texts.end());
  made.template_text += adapter.info().template_text;
  made.count = std::ssize(drawn);
  return made;
}

}  // namespace incipit
