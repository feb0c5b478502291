#include "experiment/page/run_view.h"

#include <algorithm>

#include <fmt/format.h>

#include "experiment/figures.h"
#include "experiment/page/errors_view.h"
#include "experiment/page/learning_view.h"
#include "experiment/page/prompt_view.h"
#include "experiment/page/summary_view.h"

namespace incipit {
namespace {

Markup fact(std::string_view value, std::string_view meaning) {
  return element("div", element("dt", meaning) + element("dd", value));
}

Markup facts(const RunRecord& run, const RunSummary& summary) {
  const double share = run.all_parameters > 0 ? 100.0 * static_cast<double>(run.trainable_parameters) /
                                                    static_cast<double>(run.all_parameters)
                                              : 0;
  return element("dl", {{"class", "facts"}},
                 fact(spell(summary.accuracy, run.trials.size()), "accuracy") +
                     fact(spell(summary.f1, run.trials.size()), "F1") +
                     fact(with_commas(run.trainable_parameters),
                          fmt::format("trained parameters, {:.4f} % of all", share)) +
                     fact(with_commas(run.train_examples), "training texts") +
                     fact(spell_seconds(summary.train_seconds.mean), "seconds to train"));
}

Markup settings(const RunRecord& run) {
  if (run.settings.empty()) return {};
  Markup list;
  for (const auto& [flag, value] : run.settings)
    list += element("div", element("dt", shortened(flag, 80)) + element("dd", shortened(value, 300)));
  return element("details", element("summary", "Settings") + element("dl", {{"class", "settings"}}, list));
}

/// Of the first seed that has one.
Markup prompt(const RunRecord& run, bool open) {
  const auto trial = std::find_if(run.trials.begin(), run.trials.end(),
                                  [](const TrialRecord& t) { return t.prompt.has_value(); });
  if (trial == run.trials.end()) return {};
  Markup content = element("summary", "See the prompt");
  if (run.trials.size() > 1)
    content += element("p", {{"class", "reading"}},
                       text(fmt::format("Of seed {}; comparison.json has the others.", trial->seed)));
  content += prompt_view(*trial->prompt);
  return open ? element("details", {{"class", "prompt"}, {"open", ""}}, content)
              : element("details", {{"class", "prompt"}}, content);
}

}  // namespace

Markup run_view(const Comparison& comparison, std::size_t index, const RunSummary& summary, bool open) {
  const RunRecord& run = comparison.runs[index];
  Markup content = element("h2", shortened(run.name, 120));
  if (!run.note.empty()) content += element("p", {{"class", "note"}}, text(shortened(run.note, 2000)));
  content += facts(run, summary) + settings(run);
  Markup charts = loss_chart(run);
  if (charts.empty())
    content += element("p", {{"class", "reading"}}, text("Not trained: there is no curve to show."));
  charts += metric_chart(run) + confusion_table(comparison, run);
  content += div("charts", charts) + wrong_examples(comparison, run) + prompt(run, open);
  const std::string anchor = run_anchor(index);
  return element("section", {{"class", "run"}, {"id", anchor}}, content);
}

}  // namespace incipit
