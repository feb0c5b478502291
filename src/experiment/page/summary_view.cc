#include "experiment/page/summary_view.h"

#include <fmt/format.h>

#include "experiment/figures.h"
#include "experiment/page/accuracy_chart.h"
#include "experiment/page/table.h"

namespace incipit {
namespace {

Markup name_cell(const RunRecord& run, std::size_t index, bool best) {
  const std::string target = "#" + run_anchor(index);
  Markup cell = element("a", {{"href", target}}, text(shortened(run.name, 80)));
  if (best) cell += text(" ") + span("badge", "best");
  if (!run.note.empty()) cell += div("note", text(shortened(run.note, 300)));
  return cell;
}

/// Points of accuracy behind the best run, and whether the texts are enough to say so.
Markup behind_cell(const RunSummary& summary, bool best) {
  if (best) return text("–");
  Markup cell = text(spell_behind(summary));
  if (!summary.clearly_behind()) cell += div("note", text("not clearly"));
  return cell;
}

Markup table(const Comparison& comparison, std::span<const RunSummary> summaries) {
  Table table("runs", "All runs",
              {"Run", "#Accuracy", "#95 % interval", "#Behind best, points", "#F1", "#Trained parameters",
               "#Train seconds", "#Peak MiB", "#Seeds"});
  const std::size_t best = best_run(summaries);
  for (std::size_t i = 0; i < summaries.size(); ++i) {
    const RunRecord& run = comparison.runs[i];
    const RunSummary& summary = summaries[i];
    const bool is_best = i == best && summaries.size() > 1;
    table.add({name_cell(run, i, is_best), text(spell(summary.accuracy, run.trials.size())),
               text(spell(summary.accuracy_interval)), behind_cell(summary, i == best),
               text(spell(summary.f1, run.trials.size())), text(with_commas(run.trainable_parameters)),
               text(spell_seconds(summary.train_seconds.mean)),
               text(summary.peak_bytes > 0 ? spell_mebibytes(summary.peak_bytes) : "?"),
               text(std::to_string(run.trials.size()))},
              is_best ? "best" : "");
  }
  table.add({text("always ‘" + shortened(label_name(comparison, comparison.majority_class), 40) + "’"),
             text(fmt::format("{:.4f}", comparison.majority_accuracy)),
             {},
             {},
             text(fmt::format("{:.4f}", comparison.majority_f1)),
             text("0"),
             {},
             {},
             {}},
            "majority");
  return table.drawn();
}

std::string how_to_read(const Comparison& comparison) {
  const bool several = has_several_seeds(comparison);
  return fmt::format(
      "{}The 95 % interval says what accuracy other {} texts, as many of them, would give (Wilson{}). "
      "Behind best: "
      "the same texts are compared one by one, with a 95 % interval (bootstrap{}); “not clearly” where it "
      "holds "
      "0. F1 is "
      "{}. "
      "Peak memory is the whole process's.",
      several ? "Means over seeds, ± their standard deviation. " : "", comparison.examples_name,
      several ? ", at the mean over seeds" : "", several ? ", of each text's mean over seeds" : "",
      comparison.labels.size() == 2 ? "of ‘" + shortened(comparison.labels[1], 40) + "’"
                                    : std::string("the mean over labels"));
}

}  // namespace

std::string run_anchor(std::size_t run) {
  return fmt::format("run-{}", run + 1);
}

Markup summary_view(const Comparison& comparison, std::span<const RunSummary> summaries) {
  return element("section", {{"id", "summary"}},
                 element("h2", "Summary") + accuracy_chart(comparison, summaries) +
                     table(comparison, summaries) +
                     element("p", {{"class", "reading"}}, text(how_to_read(comparison))));
}

}  // namespace incipit
