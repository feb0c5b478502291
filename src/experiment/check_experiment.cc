#include "experiment/check_experiment.h"

#include <algorithm>
#include <set>

#include <fmt/ranges.h>

namespace incipit {
namespace {

/// A text without what preparing it may change: case, blanks, punctuation. Bytes outside of ASCII stay.
std::string bare(const std::string& text) {
  std::string letters;
  for (const char c : text) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if ((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80)
      letters += lower;
  }
  return letters;
}

/// Whether one is the other with letters left out: a preparation may take out words, or cut.
bool is_part_of(const std::string& part, const std::string& whole) {
  std::size_t found = 0;
  for (const char c : whole)
    if (found < part.size() && part[found] == c) ++found;
  return found == part.size();
}

bool same_text(const std::string& a, const std::string& b, bool same_preparation) {
  const std::string left = bare(a), right = bare(b);
  if (same_preparation) return left == right;
  return left.size() < right.size() ? is_part_of(left, right) : is_part_of(right, left);
}

bool same_texts(const Example& a, const Example& b, bool same_preparation) {
  return same_text(a.text_a, b.text_a, same_preparation) &&
         same_text(a.text_b.value_or(""), b.text_b.value_or(""), same_preparation);
}

const std::string& label_of(const ExperimentRun& run, std::size_t index) {
  return run.test->labels[static_cast<std::size_t>(run.test->examples[index].label)];
}

/// Runs may prepare the texts differently, so that ids and labels must agree, and most of the texts.
Status check_same_test(const ExperimentRun& first, const ExperimentRun& run) {
  if (run.test == first.test) return {};
  const std::vector<Example>&a = first.test->examples, &b = run.test->examples;
  const std::string names = fmt::format("runs '{}' and '{}'", first.name, run.name);
  if (a.size() != b.size())
    return fail("{} cannot be compared: {} and {} test examples, they must be the same", names, a.size(),
                b.size());
  const bool same_preparation = first.test->preparation == run.test->preparation;
  std::size_t other_texts = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].id != b[i].id || a[i].label != b[i].label)
      return fail("{} cannot be compared: test example {} is '{}' ({}) in one and '{}' ({}) in the other",
                  names, i + 1, a[i].id, label_of(first, i), b[i].id, label_of(run, i));
    other_texts += same_texts(a[i], b[i], same_preparation) ? 0 : 1;
  }
  if (other_texts * 2 > a.size())
    return fail("{} cannot be compared: {} of {} test examples have other texts", names, other_texts,
                a.size());
  return {};
}

Status check_run(const ExperimentRun& run) {
  if (run.seeds.empty()) return fail("run '{}': has no seed", run.name);
  if (std::set<std::uint64_t>(run.seeds.begin(), run.seeds.end()).size() != run.seeds.size())
    return fail("run '{}': a seed is there twice", run.name);
  const bool trains = run.options.epochs > 0 || run.options.max_steps > 0;
  if (run.train == nullptr || (trains && run.train->examples.empty()))
    return fail("run '{}': has no training examples", run.name);
  if (run.test == nullptr || run.test->examples.empty())
    return fail("run '{}': has no test examples", run.name);
  const auto& test = run.test->examples;
  const auto unlabelled =
      std::find_if(test.begin(), test.end(), [](const Example& example) { return example.label < 0; });
  if (unlabelled != test.end())
    return fail("run '{}': test example {} has no label", run.name, unlabelled->id);
  return {};
}

Status check_same_labels(const ExperimentRun& first, const ExperimentRun& run) {
  for (const auto& data : {run.train, run.held_out, run.test})
    if (data != nullptr && data->labels != first.train->labels)
      return fail("run '{}': its labels are {}, those of run '{}' {}", run.name,
                  fmt::join(data->labels, ", "), first.name, fmt::join(first.train->labels, ", "));
  return {};
}

}  // namespace

Status check_experiment(const Experiment& experiment) {
  if (experiment.runs.empty()) return fail("the experiment has no runs");
  std::set<std::string> names;
  for (const ExperimentRun& run : experiment.runs) {
    if (!names.insert(run.name).second) return fail("two runs are called '{}'", run.name);
    INCIPIT_CHECK(check_run(run));
    INCIPIT_CHECK(check_same_labels(experiment.runs.front(), run));
    INCIPIT_CHECK(check_same_test(experiment.runs.front(), run));
  }
  return {};
}

}  // namespace incipit
