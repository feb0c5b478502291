#include <algorithm>

#include <fmt/format.h>

#include "incipit/sweep.h"

#include "base/text_width.h"
#include "experiment/figures.h"
#include "experiment/text_table.h"

namespace incipit {
namespace {

constexpr std::size_t kWidestValue = 30;
constexpr std::size_t kWidestLine = 200;

using Line = std::vector<std::string>;

/// '*' the best, '=' what can't be told from it, '?' what nothing is known of.
std::string mark_of(const SweepResult& sweep, const RankedSetting& setting) {
  if (&setting == sweep.best()) return "*";
  if (!setting.complete || sweep.best() == nullptr || !setting.behind_best_interval) return "?";
  return setting.is_clearly_behind ? "" : "=";
}

std::string behind(const RankedSetting& setting) {
  if (!setting.behind_best_interval) return "";
  return fmt::format("{:.4f} ({:.4f} to {:.4f})", setting.behind_best, setting.behind_best_interval->low,
                     setting.behind_best_interval->high);
}

Line heading(const SweepResult& sweep) {
  Line line{""};
  for (const SweepAxis& axis : sweep.axes)
    if (axis.values.size() > 1) line.push_back(axis.name);
  line.insert(line.end(), {sweep.metric, "behind the best (95 %)", "seeds", "seconds"});
  return line;
}

Line line_of(const SweepResult& sweep, const RankedSetting& setting) {
  Line line{mark_of(sweep, setting)};
  for (std::size_t i = 0; i < sweep.axes.size(); ++i)
    if (sweep.axes[i].values.size() > 1)
      line.push_back(fit_on_line(i < setting.grid.size() ? setting.grid[i] : "?", kWidestValue));
  const std::size_t trials = sweep.validation.runs[setting.run].trials.size();
  line.insert(line.end(), {spell(Spread{setting.mean, setting.sd}, trials), behind(setting),
                           std::to_string(trials), spell_seconds(setting.train_seconds)});
  return line;
}

std::string majority(const SweepResult& sweep) {
  const Comparison& data = sweep.validation;
  if (sweep.metric != "accuracy" && sweep.metric != "f1") return "";
  return fmt::format("always '{}': {} {:.4f}\n",
                     fit_on_line(label_name(data, data.majority_class), kWidestValue), sweep.metric,
                     sweep.metric == "f1" ? data.majority_f1 : data.majority_accuracy);
}

/// What the marks mean, and how many settings bear them.
std::string legend(const SweepResult& sweep) {
  if (sweep.best() == nullptr)
    return "No setting was finished with every seed, so that there is no best one.\n";
  const auto count = [&](const char* mark) {
    return std::count_if(sweep.settings.begin(), sweep.settings.end(),
                         [&](const RankedSetting& setting) { return mark_of(sweep, setting) == mark; });
  };
  std::string out =
      "* the best. Its figure is too good: it is the largest of all. A test set says what it is worth.\n";
  const std::ptrdiff_t same = count("="), unknown = count("?");
  if (same > 0)
    out += fmt::format(
        "= not distinguishable from the best ({} of the {} others): with other texts to choose by{} it might "
        "be the better one.\n",
        same, sweep.settings.size() - 1,
        sweep.validation.runs[sweep.best()->run].trials.size() > 1 ? " and other seeds" : "");
  else if (sweep.settings.size() > 1 && unknown == 0)
    out += "Every other setting is clearly behind it.\n";
  if (unknown > 0) out += "? not known: seeds are missing, or one seed is too few.\n";
  if (sweep.settings.size() > 1 && sweep.validation.runs[sweep.best()->run].trials.size() < 2)
    out += "One seed: how much of a difference is due to the seed is not known.\n";
  return out;
}

}  // namespace

std::string format_sweep(const SweepResult& sweep) {
  std::vector<Line> lines{heading(sweep)};
  for (const RankedSetting& setting : sweep.settings) lines.push_back(line_of(sweep, setting));
  const Comparison& data = sweep.validation;
  std::string out;
  if (!data.title.empty()) out += fit_on_line(data.title, kWidestLine) + '\n';
  out += fmt::format("{}, {} validation texts; best mean {} first\n\n", fit_on_line(data.data, kWidestLine),
                     with_commas(data.test_examples), sweep.metric);
  const auto left = static_cast<std::size_t>(
      1 + std::count_if(sweep.axes.begin(), sweep.axes.end(),
                        [](const SweepAxis& axis) { return axis.values.size() > 1; }));
  out += text_table(lines, left) + '\n' + majority(sweep) + legend(sweep);
  if (!sweep.test.runs.empty()) out += '\n' + format_comparison(sweep.test);
  return out;
}

}  // namespace incipit
