#include "experiment/field_json.h"
#include "experiment/record_fields.h"
#include "experiment/run_summary.h"

namespace incipit {

using Json = nlohmann::ordered_json;

// Not in an unnamed namespace, where FieldWriter would not find them.
void fields(auto& io, Is<Spread> auto& x) {
  io("mean", x.mean);
  io("sd", x.sd);
}
void fields(auto& io, Is<RunSummary> auto& x) {
  io("accuracy", x.accuracy);
  io("accuracy_interval", x.accuracy_interval);
  io("f1", x.f1);
  io("train_seconds", x.train_seconds);
  io("peak_bytes", x.peak_bytes);
  io("behind_best", x.behind_best);
  io("behind_best_interval", x.behind_best_interval);
}

namespace {

Json run_json(const RunRecord& run, const RunSummary& summary) {
  Json settings = Json::object();
  for (const auto& [flag, value] : run.settings) settings[flag] = value;
  return {{"name", run.name},
          {"note", run.note},
          {"settings", settings},
          {"trainable_parameters", run.trainable_parameters},
          {"all_parameters", run.all_parameters},
          {"train_examples", run.train_examples},
          {"summary", FieldWriter::written(summary)},
          {"trials", FieldWriter::written(run.trials)}};
}

}  // namespace

std::string comparison_to_json(const Comparison& comparison) {
  const std::vector<RunSummary> summaries = summarize(comparison);
  Json runs = Json::array();
  for (std::size_t i = 0; i < summaries.size(); ++i)
    runs.push_back(run_json(comparison.runs[i], summaries[i]));
  const Json json = {{"title", comparison.title},
                     {"data", comparison.data},
                     {"labels", comparison.labels},
                     {"test_examples", comparison.test_examples},
                     {"examples", comparison.examples_name},
                     {"majority_class", comparison.majority_class},
                     {"majority_accuracy", comparison.majority_accuracy},
                     {"majority_f1", comparison.majority_f1},
                     {"machine", comparison.machine},
                     {"runs", runs}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace incipit
