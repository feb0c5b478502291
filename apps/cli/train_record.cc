#include "train_record.h"

#include <algorithm>

#include <fmt/format.h>

namespace incipit::cli {

const Metrics* best_metrics(const TrainResult& result) {
  const auto best =
      std::find_if(result.epochs.begin(), result.epochs.end(), [&result](const EpochReport& report) {
        return report.epoch == result.best_epoch && report.eval.has_value();
      });
  return best == result.epochs.end() ? nullptr : &*best->eval;
}

std::map<std::string, std::string> provenance(const Model& model, const TrainingData& data,
                                              const TrainResult& result, std::uint64_t seed,
                                              const std::string& flags) {
  std::map<std::string, std::string> record = {
      {"incipit", INCIPIT_VERSION},
      {"data", data.train_source},
      {"examples", std::to_string(data.train.examples.size())},
      {"seed", std::to_string(seed)},
      {"precision", std::string(name_of(model.info().precision))},
      {"flags", flags},
      {"epochs", std::to_string(result.epochs.size())},
      {"interrupted", result.interrupted ? "true" : "false"},
  };
  if (data.held_out) {
    record["eval_data"] = data.held_out_source;
    record["eval_examples"] = std::to_string(data.held_out->examples.size());
  }
  if (const Metrics* metrics = best_metrics(result)) {
    record["best_epoch"] = std::to_string(result.best_epoch);
    record["accuracy"] = fmt::format("{:.4f}", metrics->accuracy);
    record["f1"] = fmt::format("{:.4f}", metrics->f1);
    record["matthews"] = fmt::format("{:.4f}", metrics->matthews);
    record["loss"] = fmt::format("{:.4f}", metrics->loss);
    record["majority_accuracy"] = fmt::format("{:.4f}", metrics->majority_accuracy);
  }
  return record;
}

std::string verdict(const TrainResult& result, const std::vector<std::string>& labels) {
  const Metrics* metrics = best_metrics(result);
  if (metrics == nullptr) return "not evaluated\n";
  const bool better = metrics->accuracy_interval.low > metrics->majority_accuracy;
  return fmt::format(
      "best epoch {}: accuracy {:.4f} (95 % interval {:.4f} to {:.4f}) is {} than always answering '{}' "
      "({:.4f})\n",
      result.best_epoch, metrics->accuracy, metrics->accuracy_interval.low, metrics->accuracy_interval.high,
      better ? "better" : "NOT clearly better", labels.at(static_cast<std::size_t>(metrics->majority_class)),
      metrics->majority_accuracy);
}

}  // namespace incipit::cli
