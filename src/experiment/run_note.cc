#include "experiment/run_note.h"

#include <algorithm>
#include <vector>

#include <fmt/ranges.h>

namespace incipit {
namespace {

/// "", or " with 2 of 3 seeds" where not all are meant.
std::string with_seeds(std::ptrdiff_t count, std::size_t all) {
  return count == static_cast<std::ptrdiff_t>(all) ? "" : fmt::format(" with {} of {} seeds", count, all);
}

const std::string& label(const ExperimentRun& run, int index) {
  return run.test->labels[static_cast<std::size_t>(index)];
}

bool is_untrained(const MeasuredTrial& trial) {
  return trial.record.step_losses.empty();
}

std::string collapse_note(const ExperimentRun& run, std::span<const MeasuredTrial> trials) {
  const auto collapsed = [](const MeasuredTrial& trial) {
    return trial.record.test.collapsed_to.has_value();
  };
  const std::ptrdiff_t count = std::count_if(trials.begin(), trials.end(), collapsed);
  if (count == 0) return "";
  const auto first = std::find_if(trials.begin(), trials.end(), collapsed);
  const int named = *first->record.test.collapsed_to;
  const bool all_name_it = std::all_of(first, trials.end(), [&](const MeasuredTrial& trial) {
    return !collapsed(trial) || *trial.record.test.collapsed_to == named;
  });
  return fmt::format("Collapsed{}: (nearly) every prediction is {}.", with_seeds(count, trials.size()),
                     all_name_it ? "'" + label(run, named) + "'" : std::string("one class"));
}

std::string majority_note(const ExperimentRun& run, std::span<const MeasuredTrial> trials) {
  const std::ptrdiff_t count = std::count_if(trials.begin(), trials.end(), [](const MeasuredTrial& trial) {
    return trial.record.test.accuracy_interval.low <= trial.record.test.majority_accuracy;
  });
  if (count == 0) return "";
  const Metrics& test = trials.front().record.test;
  return fmt::format("Not clearly better than always answering '{}' ({:.4f}){}.",
                     label(run, test.majority_class), test.majority_accuracy,
                     with_seeds(count, trials.size()));
}

/// Found in the training texts, so all trials have the same.
std::string words_note(const ExperimentRun& run, const TrialRecord& trial) {
  std::string labels;
  for (std::size_t label = 0; label < trial.found_words.size(); ++label)
    labels += fmt::format("{}{} '{}'", labels.empty() ? "" : "; ", run.test->labels[label],
                          fmt::join(trial.found_words[label], "', '"));
  return labels.empty() ? "" : fmt::format("Words found: {}.", labels);
}

/// From a hundredth on, texts that the run has seen make its figures too good.
std::string overlap_note(const ExperimentRun& run) {
  std::vector<std::uint64_t> seen;
  for (const auto& data : {run.train, run.held_out})
    if (data != nullptr && data != run.test)
      for (const Example& example : data->examples) seen.push_back(text_hash(example.text_a, example.text_b));
  std::sort(seen.begin(), seen.end());
  const std::vector<Example>& test = run.test->examples;
  const std::ptrdiff_t count = std::count_if(test.begin(), test.end(), [&seen](const Example& example) {
    return std::binary_search(seen.begin(), seen.end(), text_hash(example.text_a, example.text_b));
  });
  if (count * 100 < std::ssize(test)) return "";
  return fmt::format(
      "Of the {} test texts {} are among those it was trained on or its epoch was chosen by: its figures are "
      "too good.",
      test.size(), count);
}

}  // namespace

std::string run_note(const ExperimentRun& run, std::span<const MeasuredTrial> trials) {
  std::vector<std::string> notes = {run.note};
  if (std::all_of(trials.begin(), trials.end(),
                  [](const MeasuredTrial& trial) { return trial.drawn_head && is_untrained(trial); })) {
    notes.emplace_back(
        "The head is random numbers that nobody trained: its answers are chance, whatever its figures are.");
  } else {
    if (std::all_of(trials.begin(), trials.end(), is_untrained)) notes.emplace_back("Not trained.");
    notes.push_back(collapse_note(run, trials));
    notes.push_back(majority_note(run, trials));
  }
  notes.push_back(words_note(run, trials.front().record));
  notes.push_back(overlap_note(run));
  if (trials.size() < run.seeds.size())
    notes.push_back(fmt::format("Only {} of {} seeds were finished.", trials.size(), run.seeds.size()));
  std::string text;
  for (const std::string& note : notes)
    if (!note.empty()) text += (text.empty() ? "" : " ") + note;
  return text;
}

}  // namespace incipit
