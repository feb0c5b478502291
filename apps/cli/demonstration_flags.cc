#include "demonstration_flags.h"

#include <algorithm>
#include <set>
#include <utility>

#include "checks.h"
#include "console.h"
#include "labelled_data.h"
#include "numbers.h"

namespace incipit::cli {

void add_shots(CommandLine& line, std::int64_t& shots, std::int64_t& tokens) {
  line.flag("--shots", shots, "N",
            "Solved examples in front of a hard prompt's template, as many of each label; 0: none")
      ->check(whole_number(0));
  line.flag("--shot-tokens", tokens, "N",
            "Tokens that they may have in all, so that fewer are shown where they do not fit; 0: half of the "
            "longest sequence")
      ->check(whole_number(0));
}

void DemonstrationFlags::declare(CommandLine& line) {
  add_shots(line, shots_, tokens_);
  choice(line, "--shot-choice", choice_, {"random", "nearest"},
         "Drawn by the seed, the same for all texts; or for each text those of the nearest words");
  line.flag("--pool", pool_, "DATA",
            "Labelled texts that --shots come from; without it the training split of --data")
      ->check(not_empty());
}

void DemonstrationFlags::refuse(const std::string& why) const {
  if (shots_ > 0) wrong_usage("--shots", why);
}

void DemonstrationFlags::note_shots(std::span<const Prediction> predictions) const {
  if (shots_ == 0 || choice_ != "nearest") return;
  const auto fewer =
      std::count_if(predictions.begin(), predictions.end(),
                    [this](const Prediction& prediction) { return prediction.shots < shots_; });
  if (fewer > 0)
    print_warning(fmt::format("{} of {} texts were shown fewer than {} demonstrations: no more fit",
                              with_thousands(fewer), with_thousands(std::ssize(predictions)), shots_));
}

Result<std::vector<Example>> DemonstrationFlags::read_pool(const DataFlags& data,
                                                           const std::vector<std::string>& labels,
                                                           std::span<const Example> texts) const {
  INCIPIT_TRY(const std::filesystem::path path, data_path(pool_.empty() ? data.path : pool_));
  DataOptions options = data_options(data);
  options.split = pool_.empty() || has_split(path, "train") ? "train" : "";
  INCIPIT_TRY(Dataset pool, read_labelled(path, options, labels));
  std::set<std::uint64_t> own;
  for (const Example& text : texts) own.insert(text_hash(text.text_a, text.text_b));
  std::erase_if(pool.examples, [&](const Example& example) {
    return own.contains(text_hash(example.text_a, example.text_b));
  });
  if (pool.examples.empty())
    return fail(
        "{}: every text that demonstrations could be is among those to classify; --split test "
        "leaves others, --pool names others",
        path.string());
  print_note(fmt::format("demonstrations from {}{}: {} texts", path.string(),
                         options.split.empty() ? "" : ", split " + options.split,
                         with_thousands(std::ssize(pool.examples))));
  return std::move(pool.examples);
}

Result<ReadyHardPrompt> DemonstrationFlags::make(const Model& model, const HardPromptFlags& flags,
                                                 const DataFlags& data, std::span<const Example> texts,
                                                 std::uint64_t seed) const {
  INCIPIT_TRY(HardPrompt prompt, flags.read());
  INCIPIT_TRY(const std::vector<std::string> labels, verbalizer_labels(prompt.verbalizer));
  prompt.preparation = data_options(data).preparation;
  if (shots_ == 0) {
    INCIPIT_TRY(Adapter adapter, make_hard_prompt(model, prompt, labels));
    return ReadyHardPrompt{std::move(adapter), std::nullopt, {}};
  }
  const ShotChoice chosen = *shot_choice_by_name(choice_);
  if (pool_.empty() && (data.path.empty() || data.path == "-"))
    wrong_usage("--shots", "needs --pool, the labelled texts to take them from");
  if (chosen == ShotChoice::nearest && prompt.calibration != Calibration::none)
    wrong_usage("--calibrate", "needs --shot-choice random: it is measured once for all texts");
  INCIPIT_TRY(std::vector<Example> pool, read_pool(data, labels, texts));
  const ShotOptions options{shots_, tokens_, seed};
  if (chosen == ShotChoice::nearest) {
    INCIPIT_TRY(Adapter adapter, make_hard_prompt(model, prompt, labels));
    INCIPIT_TRY(NearestDemonstrations nearest,
                NearestDemonstrations::create(model, adapter, std::move(pool), options));
    return ReadyHardPrompt{std::move(adapter), std::move(nearest), {}};
  }
  INCIPIT_TRY(Demonstrations drawn, draw_demonstrations(model, prompt, labels, pool, options));
  if (drawn.count < shots_)
    print_warning(fmt::format("{} of {} demonstrations fit or were found", drawn.count, shots_));
  prompt.template_text = std::move(drawn.template_text);
  INCIPIT_TRY(Adapter adapter, make_hard_prompt(model, prompt, labels));
  return ReadyHardPrompt{std::move(adapter), std::nullopt, std::move(drawn.texts)};
}

}  // namespace incipit::cli
