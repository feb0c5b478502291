#include <nlohmann/json.hpp>

#include "incipit/sweep.h"

namespace incipit {
namespace {

using Json = nlohmann::ordered_json;

Json interval_json(const std::optional<Interval>& interval) {
  return interval ? Json{{"low", interval->low}, {"high", interval->high}} : Json();
}

Json setting_json(const SweepResult& sweep, const RankedSetting& setting) {
  const RunRecord& run = sweep.validation.runs[setting.run];
  Json flags = Json::object(), seeds = Json::array();
  for (std::size_t i = 0; i < setting.grid.size(); ++i) flags[sweep.axes[i].name] = setting.grid[i];
  for (const TrialRecord& trial : run.trials) {
    const double value = metric_by_name(trial.test, sweep.metric).value_or(0);
    seeds.push_back({{"seed", trial.seed},
                     {"value", sweep.metric == "loss" ? -value : value},
                     {"best_epoch", trial.best_epoch},
                     {"train_seconds", trial.train_seconds}});
  }
  return {{"name", run.name},
          {"flags", flags},
          {"mean", setting.mean},
          {"sd", run.trials.size() > 1 ? Json(setting.sd) : Json()},
          {"complete", setting.complete},
          {"behind_best", setting.behind_best},
          {"behind_best_interval", interval_json(setting.behind_best_interval)},
          {"clearly_behind", setting.is_clearly_behind},
          {"note", run.note},
          {"seeds", seeds}};
}

}  // namespace

std::string sweep_to_json(const SweepResult& sweep) {
  Json axes = Json::object(), settings = Json::array();
  for (const SweepAxis& axis : sweep.axes) axes[axis.name] = axis.values;
  for (const RankedSetting& setting : sweep.settings) settings.push_back(setting_json(sweep, setting));
  Json best;
  if (const RankedSetting* setting = sweep.best()) {
    const RunRecord& run = sweep.validation.runs[setting->run];
    best = {{"name", run.name}, {"seed", run.trials[setting->best_trial].seed}};
  }
  const Json json = {{"title", sweep.validation.title},
                     {"data", sweep.validation.data},
                     {"validation_examples", sweep.validation.test_examples},
                     {"metric", sweep.metric},
                     {"axes", axes},
                     {"best", best},
                     {"settings", settings},
                     {"test", sweep.test.runs.empty() ? Json() : Json::parse(comparison_to_json(sweep.test))},
                     {"failures", sweep.failures},
                     {"machine", sweep.validation.machine}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace incipit
