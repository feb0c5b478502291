#include <algorithm>

#include <fmt/format.h>

#include "incipit/comparison.h"

#include "base/text_width.h"
#include "experiment/figures.h"
#include "experiment/run_summary.h"
#include "experiment/text_table.h"

namespace incipit {
namespace {

constexpr std::size_t kWidestName = 30;  // in columns; the other columns take about 105 at most
constexpr std::size_t kWidestLine = 200;

using Row = std::vector<std::string>;

/// How far behind the best; marked where the test texts are too few to say so.
std::string behind(const RunSummary& summary, bool best) {
  return best ? "best" : (summary.clearly_behind() ? "" : "~") + spell_behind(summary);
}

Row row_of(const RunRecord& run, const RunSummary& summary, bool best) {
  return {fit_on_line(run.name, kWidestName),
          spell(summary.accuracy, run.trials.size()),
          spell(summary.accuracy_interval),
          behind(summary, best),
          spell(summary.f1, run.trials.size()),
          with_commas(run.trainable_parameters),
          spell_seconds(summary.train_seconds.mean),
          summary.peak_bytes > 0 ? spell_mebibytes(summary.peak_bytes) : "?",
          std::to_string(run.trials.size())};
}

Row majority_row(const Comparison& comparison) {
  return {"always " + fit_on_line(label_name(comparison, comparison.majority_class), kWidestName - 7),
          fmt::format("{:.4f}", comparison.majority_accuracy),
          "",
          "",
          fmt::format("{:.4f}", comparison.majority_f1),
          "0",
          "",
          "",
          ""};
}

/// `±` belongs to the digits: with one trial a run, other runs' columns would not line up.
void line_up(std::vector<Row>& rows) {
  for (const std::size_t column : {std::size_t{1}, std::size_t{4}}) {
    const auto has_sd = [column](const Row& row) { return row[column].find("±") != std::string::npos; };
    if (std::none_of(rows.begin(), rows.end(), has_sd)) continue;
    for (std::size_t i = 1; i < rows.size(); ++i)
      if (!has_sd(rows[i])) rows[i][column] += std::string(display_width(" ± 0.0000"), ' ');
  }
}

std::string head(const Comparison& comparison) {
  std::string out;
  if (!comparison.title.empty()) out += fit_on_line(comparison.title, kWidestLine) + '\n';
  if (!comparison.data.empty()) out += fit_on_line(comparison.data, kWidestLine) + ", ";
  return out +
         fmt::format("{} {} texts\n\n", with_commas(comparison.test_examples), comparison.examples_name);
}

std::string legend(const Comparison& comparison) {
  const bool several = has_several_seeds(comparison);
  return fmt::format(
      "95 % interval: of the accuracy, had other texts been drawn to test on (Wilson{}).\n"
      "behind best: points of accuracy on the same texts (95 % interval, paired bootstrap); ~: not clearly "
      "behind.\n"
      "{}F1: {}. trained: parameters.\n"
      "seconds: to train{}. MiB: the process's peak{}.\n",
      several ? ", at the mean over seeds" : "", several ? "±: standard deviation over seeds. " : "",
      comparison.labels.size() == 2 ? "of '" + fit_on_line(comparison.labels[1], kWidestName) + "'"
                                    : std::string("macro"),
      several ? ", mean" : "", several ? ", largest" : "");
}

}  // namespace

std::string format_comparison(const Comparison& comparison) {
  const std::vector<RunSummary> summaries = summarize(comparison);
  std::vector<Row> rows{
      {"run", "accuracy", "95 % interval", "behind best", "F1", "trained", "seconds", "MiB", "seeds"}};
  const std::size_t best = best_run(summaries);
  for (std::size_t i = 0; i < summaries.size(); ++i)
    rows.push_back(row_of(comparison.runs[i], summaries[i], i == best));
  rows.push_back(majority_row(comparison));
  line_up(rows);
  std::string out = head(comparison) + text_table(rows, 1) + '\n' + legend(comparison);
  for (const RunRecord& run : comparison.runs)
    if (!run.note.empty())
      out += fmt::format("\n{}: {}", fit_on_line(run.name, kWidestName), fit_on_line(run.note, 2000));
  if (!out.ends_with('\n')) out += '\n';
  return out;
}

}  // namespace incipit
