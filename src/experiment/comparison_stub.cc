// Stands in for the rendering of comparisons until that is merged; to be removed then.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "incipit/comparison.h"

namespace incipit {

std::string format_comparison(const Comparison& comparison) {
  std::string text = comparison.title + '\n';
  for (const RunRecord& run : comparison.runs)
    for (const TrialRecord& trial : run.trials)
      text +=
          fmt::format("{} | seed {} | accuracy {:.4f} | f1 {:.4f} | {} trained | {:.1f} s | {} MiB | {}\n",
                      run.name, trial.seed, trial.test.accuracy, trial.test.f1, run.trainable_parameters,
                      trial.train_seconds, trial.peak_bytes >> 20, run.note);
  return text + fmt::format("majority {:.4f}\n", comparison.majority_accuracy);
}

std::string comparison_to_json(const Comparison& comparison) {
  nlohmann::ordered_json json;
  json["title"] = comparison.title;
  json["test_examples"] = comparison.test_examples;
  json["runs"] = nlohmann::ordered_json::array();
  for (const RunRecord& run : comparison.runs) {
    nlohmann::ordered_json trials = nlohmann::ordered_json::array();
    for (const TrialRecord& trial : run.trials)
      trials.push_back({{"seed", trial.seed}, {"accuracy", trial.test.accuracy}});
    json["runs"].push_back({{"name", run.name}, {"note", run.note}, {"trials", trials}});
  }
  return json.dump(2) + '\n';
}

std::string comparison_page(const Comparison& comparison) {
  return "<!doctype html><title>" + comparison.title + "</title>\n";
}

}  // namespace incipit
