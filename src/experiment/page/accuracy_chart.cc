#include "experiment/page/accuracy_chart.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "experiment/figures.h"
#include "experiment/page/svg.h"

namespace incipit {
namespace {

// In pixels; widths are in percent, so that the bars fill any width.
constexpr double kHeight = 22;

std::string percent(double share) {
  return place(100 * (std::isfinite(share) ? std::clamp(share, 0.0, 1.0) : 0)) + '%';
}

Markup bar(double y, double from, double to, double height, std::string_view css_class,
           std::string_view tooltip) {
  return element("rect",
                 {{"class", css_class},
                  {"x", percent(from)},
                  {"y", place(y)},
                  {"width", percent(to - from)},
                  {"height", place(height)}},
                 element("title", tooltip));
}

Markup upright(double share, double top, double bottom, std::string_view css_class) {
  return element("line", {{"class", css_class},
                          {"x1", percent(share)},
                          {"x2", percent(share)},
                          {"y1", place(top)},
                          {"y2", place(bottom)}});
}

Markup row(const RunRecord& run, const RunSummary& summary, double majority, bool best) {
  constexpr double kTop = 4, kBar = 14, kMiddle = kTop + kBar / 2;
  const std::string figures = spell(summary.accuracy, run.trials.size());
  Markup shapes = bar(kTop, 0, 1, kBar, "track", run.name);
  shapes += bar(kTop, 0, summary.accuracy.mean, kBar, best ? "bar best" : "bar", run.name + ": " + figures);
  shapes += upright(majority, 0, kHeight, "majority");
  const Interval& interval = summary.accuracy_interval;
  shapes += bar(kMiddle - 1, interval.low, interval.high, 2, "whisker", "95 % interval: " + spell(interval));
  for (const double end : {interval.low, interval.high})
    shapes += upright(end, kTop + 2, kTop + kBar - 2, "whisker");
  for (const TrialRecord& trial : run.trials)
    if (run.trials.size() > 1)
      shapes += element(
          "circle",
          {{"class", "seed"}, {"cx", percent(trial.test.accuracy)}, {"cy", place(kMiddle)}, {"r", "3"}},
          element("title", fmt::format("seed {}: {:.4f}", trial.seed, trial.test.accuracy)));
  return element("div", {{"class", best ? "bar-head best" : "bar-head"}},
                 span("name", shortened(run.name, 120)) + span("value", figures)) +
         element("svg", {{"height", place(kHeight)}, {"aria-hidden", "true"}}, shapes);
}

Markup axis() {
  Markup out;
  for (const char* tick : {"0 %", "25 %", "50 %", "75 %", "100 %"}) out += element("span", tick);
  return div("bar-axis", out);
}

}  // namespace

Markup accuracy_chart(const Comparison& comparison, std::span<const RunSummary> summaries) {
  Markup rows;
  const std::size_t best = best_run(summaries);
  for (std::size_t i = 0; i < summaries.size(); ++i)
    rows += row(comparison.runs[i], summaries[i], comparison.majority_accuracy,
                i == best && summaries.size() > 1);
  rows += axis();
  std::vector<std::pair<std::string, std::string>> meanings;
  if (has_several_seeds(comparison)) meanings = {{"bar", "mean of the seeds"}, {"seed", "one seed"}};
  meanings.emplace_back("whisker", "95 % interval");
  const std::string majority = shortened(label_name(comparison, comparison.majority_class), 30);
  meanings.emplace_back("majority",
                        fmt::format("always ‘{}’: {:.4f}", majority, comparison.majority_accuracy));
  return figure(
      {"accuracy", "Accuracy on the " + comparison.examples_name + " texts", "", "", legend(meanings)},
      div("bars", rows));
}

}  // namespace incipit
