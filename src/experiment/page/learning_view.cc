#include "experiment/page/learning_view.h"

#include <algorithm>

#include <fmt/format.h>

#include "experiment/page/line_chart.h"

namespace incipit {
namespace {

constexpr std::size_t kMostPoints = 120;

using Curve = std::vector<std::pair<double, double>>;

/// Point by point, as far as all of them go.
Curve mean_of(const std::vector<Curve>& curves) {
  Curve mean = curves.empty() ? Curve() : curves.front();
  for (const Curve& curve : curves) mean.resize(std::min(mean.size(), curve.size()));
  for (std::size_t i = 0; i < mean.size(); ++i) {
    mean[i].second = 0;
    for (const Curve& curve : curves) mean[i].second += curve[i].second / static_cast<double>(curves.size());
  }
  return mean;
}

/// A thin line a seed, and a bold one.
void add_lines(const RunRecord& run, const std::vector<Curve>& curves, const std::string& color,
               std::string_view what, bool dots, std::vector<Line>& lines) {
  if (curves.size() > 1)
    for (std::size_t i = 0; i < curves.size(); ++i)
      lines.push_back({curves[i], color + " thin", fmt::format("{}, seed {}", what, run.trials[i].seed)});
  lines.push_back(
      {mean_of(curves), color + " bold", fmt::format("{}{}", what, curves.size() > 1 ? ", mean" : ""), dots});
}

template <typename Get>
std::vector<Curve> epoch_curves(const RunRecord& run, double steps_per_epoch, Get get) {
  std::vector<Curve> curves;
  for (const TrialRecord& trial : run.trials) {
    Curve curve;
    for (const EpochReport& epoch : trial.epochs)
      if (epoch.eval)
        curve.emplace_back(steps_per_epoch > 0 ? steps_per_epoch * static_cast<double>(epoch.epoch + 1)
                                               : static_cast<double>(epoch.epoch),
                           get(*epoch.eval));
    curves.push_back(std::move(curve));
  }
  return curves;
}

/// A ring around each seed's best epoch, on its own curve.
void ring_best(const RunRecord& run, const std::vector<Curve>& curves, std::vector<Line>& lines) {
  for (std::size_t i = 0; i < curves.size(); ++i)
    for (std::size_t k = 0; k < curves[i].size(); ++k)
      if (curves[i][k].first == static_cast<double>(run.trials[i].best_epoch))
        lines[curves.size() > 1 ? i : 0].ringed = k;
}

}  // namespace

Curve thinned(const std::vector<double>& steps, std::size_t most) {
  const std::size_t group = (steps.size() + most - 1) / std::max<std::size_t>(most, 1);
  Curve out;
  for (std::size_t i = 0; i < steps.size(); i += group) {
    const std::size_t count = std::min(group, steps.size() - i);
    double sum = 0;
    for (std::size_t k = 0; k < count; ++k) sum += steps[i + k];
    out.emplace_back(static_cast<double>(i) + (static_cast<double>(count) + 1) / 2,
                     sum / static_cast<double>(count));
  }
  return out;
}

Markup loss_chart(const RunRecord& run) {
  std::vector<Curve> curves;
  std::size_t longest = 0;
  for (const TrialRecord& trial : run.trials) {
    curves.push_back(thinned(trial.step_losses, kMostPoints));
    longest = std::max(longest, trial.step_losses.size());
  }
  if (longest == 0) return {};
  LineChart chart;
  add_lines(run, curves, "color-a", "training", false, chart.lines);
  const TrialRecord& first = run.trials.front();
  const double steps_per_epoch = first.epochs.empty() ? 0
                                                      : static_cast<double>(first.step_losses.size()) /
                                                            static_cast<double>(first.epochs.size());
  const auto held_out =
      epoch_curves(run, steps_per_epoch, [](const Metrics& metrics) { return metrics.loss; });
  const bool evaluated =
      std::any_of(held_out.begin(), held_out.end(), [](const Curve& c) { return !c.empty(); });
  std::vector<std::pair<std::string, std::string>> meanings{{"color-a", "training"}};
  if (evaluated && steps_per_epoch > 0) {
    add_lines(run, held_out, "color-b", "held-out texts", true, chart.lines);
    meanings.emplace_back("color-b", "held-out texts, after each epoch");
  }
  const std::size_t group = (longest + kMostPoints - 1) / kMostPoints;
  chart.about = {"loss", "Loss", group > 1 ? fmt::format("means of {} steps", group) : "",
                 "Training loss by step of " + run.name, legend(meanings)};
  chart.axes = {"step", "loss"};
  return line_chart(chart);
}

Markup metric_chart(const RunRecord& run) {
  const auto accuracy = epoch_curves(run, 0, [](const Metrics& metrics) { return metrics.accuracy; });
  const auto f1 = epoch_curves(run, 0, [](const Metrics& metrics) { return metrics.f1; });
  LineChart chart;
  chart.whole_x = true;
  std::vector<Line> lines;
  add_lines(run, accuracy, "color-a", "accuracy", true, lines);
  ring_best(run, accuracy, lines);
  add_lines(run, f1, "color-b", "F1", true, chart.lines);
  chart.lines.insert(chart.lines.end(), lines.begin(), lines.end());
  chart.about = {"metrics", "Held-out texts after each epoch", "", "Accuracy and F1 by epoch of " + run.name,
                 legend({{"color-a", "accuracy"}, {"color-b", "F1"}, {"ring", "epoch kept"}})};
  chart.axes = {"epoch", ""};
  return line_chart(chart);
}

}  // namespace incipit
