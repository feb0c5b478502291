#include "incipit/predict.h"

#include <memory>
#include <vector>

#include "incipit/ensemble.h"

#include "commands.h"
#include "console.h"
#include "demonstration_flags.h"
#include "flags.h"
#include "hard_prompt_flags.h"
#include "numbers.h"
#include "output.h"
#include "prediction_json.h"
#include "progress.h"
#include "warnings.h"

namespace incipit::cli {
namespace {

constexpr std::size_t kChunk = 512;  // examples in memory at once

class Predict : public Command {
 public:
  void declare(CommandLine& line) override {
    line.positionals("TEXT", texts_, "Texts to classify, instead of --data");
    add_model(line, model_)->required();
    add_precision(line, precision_);
    line.list("--adapter", adapters_, "DIR", "Folder of the adapter; with --ensemble given several times")
        ->allow_extra_args(false);  // TEXTs may follow
    line.mark("--ensemble", ensemble_,
              "Let all that --adapter names answer together: the mean of their probabilities");
    hard_prompt_.declare(line);
    demonstrations_.declare(line);
    add_data(line, data_, "Texts to classify, of any number");
    add_columns(line, data_);
    add_split(line, data_, "everything, but a folder of splits needs one to be named");
    add_seed(line, seed_, "Draws the demonstrations");
    line.mark("--pairs", pairs_, "The TEXTs are pairs: TEXT PAIR TEXT PAIR …");
    line.mark("--logits", logits_, "Also write the numbers before the softmax");
    add_output(line, output_);
    add_max_batch_tokens(line, options_.max_batch_tokens);
    add_force(line, force_);
    add_threads(line, threads_);
    line.examples(
        "  incipit predict --model minilm --adapter reviews 'A joy from start to end.'\n"
        "  incipit predict --model minilm --adapter reviews --data texts.tsv --output labels.jsonl\n"
        "  zcat texts.gz | incipit predict --model minilm --adapter reviews --data -\n"
        "  incipit predict --model smollm2 --adapter a --adapter b --ensemble --data texts.tsv\n"
        "One JSON line a text, in the order of the input: {\"id\":…,\"label\":…,\"scores\":{…}}");
  }

  Result<int> run(const CommandLine& line) override {
    if (texts_.empty() == data_.path.empty()) wrong_usage("predict", "needs either texts or --data");
    if (pairs_ && (texts_.empty() || texts_.size() % 2 != 0))
      wrong_usage("--pairs", "needs an even number of texts");
    if (adapters_.empty() == !hard_prompt_.has_verbalizer())
      wrong_usage("predict", "needs either --adapter, or a hard prompt: --verbalizer, and --template");
    if (ensemble_ && adapters_.size() < 2) wrong_usage("--ensemble", "needs several --adapter folders");
    if (!ensemble_ && adapters_.size() > 1)
      wrong_usage("--adapter", "several answer together only: give --ensemble, too");
    if (!hard_prompt_.has_verbalizer())
      demonstrations_.refuse("needs a hard prompt: --verbalizer, and --template");
    use_threads(threads_);
    INCIPIT_TRY(const Model model, load_model(model_, precision_));
    INCIPIT_TRY(const std::vector<ReadyHardPrompt> ready, make_ready(model));
    Job job(model, ready, options_);
    INCIPIT_TRY(Output output, Output::open(output_));
    INCIPIT_CHECK(texts_.empty() ? predict_data(job, output)
                                 : predict_chunk(job, given_texts(job.adapter.preparation), output));
    if (job.own_demonstrations > 0)
      print_warning(fmt::format("{} of the texts are among the demonstrations that all are shown",
                                with_thousands(job.own_demonstrations)));
    INCIPIT_CHECK(output.commit());
    if (output.is_file()) INCIPIT_CHECK(write_whole(output_ + ".run.toml", line.resolved()));
    return 0;
  }

 private:
  struct Job {
    Job(const Model& model, const std::vector<ReadyHardPrompt>& ready, const PredictOptions& options)
        : adapter(ready.front().adapter.info()), shown(ready.front().shown) {
      for (const ReadyHardPrompt& each : ready) {
        PredictOptions own = options;
        if (each.nearest) own.demonstrations = &*each.nearest;
        predictors.emplace_back(model, each.adapter, own);
      }
    }

    std::vector<Predictor> predictors;        // more than one: their mean is the answer
    const AdapterInfo& adapter;               // the first one's; all have its labels and preparation
    const std::vector<std::uint64_t>& shown;  // see ReadyHardPrompt
    std::int64_t own_demonstrations = 0;      // texts that are among `shown`
  };

  /// The adapters of the folders, or that of the hard prompt.
  Result<std::vector<ReadyHardPrompt>> make_ready(const Model& model) const {
    std::vector<ReadyHardPrompt> ready;
    if (hard_prompt_.has_verbalizer()) {
      INCIPIT_TRY(ReadyHardPrompt made,
                  demonstrations_.make(model, hard_prompt_, data_, given_texts({}), seed_));
      ready.push_back(std::move(made));
    }
    for (const std::string& folder : adapters_) {
      INCIPIT_TRY(Adapter adapter, Adapter::load(folder, model, force_));
      if (!ready.empty()) INCIPIT_CHECK(check_alike(ready.front().adapter.info(), adapter.info(), folder));
      ready.push_back({std::move(adapter), std::nullopt, {}});
    }
    return ready;
  }

  /// Whether two can answer together; texts are read once for all.
  Status check_alike(const AdapterInfo& first, const AdapterInfo& other, const std::string& folder) const {
    if (first.labels != other.labels)
      return fail("--ensemble: the labels of {} and {} differ", adapters_.front(), folder);
    const Preparation a = preparation(data_, first.preparation), b = preparation(data_, other.preparation);
    if (a != b)
      return fail(
          "--ensemble: {} and {} were trained on texts that were prepared differently ({} and {}{}); "
          "--prepare NAME prepares them alike",
          adapters_.front(), folder, name_of(a.kind), name_of(b.kind),
          a.kind == b.kind ? ", of another first word" : "");
    return {};
  }

  std::vector<Example> given_texts(const Preparation& of_adapter) const {
    std::vector<Example> examples;
    Preparer preparer(preparation(data_, of_adapter));
    for (std::size_t i = 0; i < texts_.size(); i += pairs_ ? 2 : 1) {
      Example example;
      example.id = std::to_string(examples.size());
      example.text_a = texts_[i];
      if (pairs_) example.text_b = texts_[i + 1];
      preparer.apply(example);
      examples.push_back(std::move(example));
    }
    return examples;
  }

  static Result<std::vector<Prediction>> answer(Job& job, const std::vector<Example>& examples) {
    std::vector<std::vector<Prediction>> members;
    for (Predictor& predictor : job.predictors) {
      INCIPIT_TRY(std::vector<Prediction> predictions, predictor.predict(examples));
      members.push_back(std::move(predictions));
    }
    if (members.size() == 1) return std::move(members.front());
    return average_predictions(members);
  }

  Status predict_chunk(Job& job, const std::vector<Example>& examples, Output& output) const {
    INCIPIT_TRY(const std::vector<Prediction> predictions, answer(job, examples));
    job.own_demonstrations += count_overlap(examples, job.shown);
    PredictionExtras extras;
    extras.logits = logits_;
    if (ensemble_) extras.adapter = "ensemble";
    std::string lines;
    for (std::size_t i = 0; i < examples.size(); ++i)
      lines += prediction_line(examples[i], predictions[i], job.adapter.labels, extras);
    return output.write(lines);
  }

  Status predict_data(Job& job, Output& output) const {
    INCIPIT_TRY(const std::filesystem::path path, data_path(data_.path));
    DataOptions options = data_options(data_, job.adapter.preparation);
    options.labels_required = false;
    INCIPIT_TRY(const std::unique_ptr<ExampleReader> reader, open_examples(path, options));
    Progress progress("predict", "texts", 0);
    std::int64_t done = 0;
    while (output.wanted()) {
      INCIPIT_TRY(const std::vector<Example> chunk, read_chunk(*reader));
      if (chunk.empty()) break;
      INCIPIT_CHECK(predict_chunk(job, chunk, output));
      progress.update(done += static_cast<std::int64_t>(chunk.size()));
    }
    for (const std::string& warning : reader->warnings()) print_warning(warning);
    return {};
  }

  static Result<std::vector<Example>> read_chunk(ExampleReader& reader) {
    std::vector<Example> chunk;
    while (chunk.size() < kChunk) {
      INCIPIT_TRY(std::optional<ExampleReader::Row> row, reader.next());
      if (!row) break;
      chunk.push_back(std::move(row->example));
    }
    return chunk;
  }

  std::vector<std::string> texts_;
  std::string model_;
  std::string precision_;
  std::vector<std::string> adapters_;
  bool ensemble_ = false;
  HardPromptFlags hard_prompt_;
  DemonstrationFlags demonstrations_;
  std::uint64_t seed_ = 0;
  DataFlags data_;
  bool pairs_ = false;
  bool logits_ = false;
  bool force_ = false;
  std::string output_;
  PredictOptions options_;
  int threads_ = 0;
};

}  // namespace

std::unique_ptr<Command> make_predict() {
  return std::make_unique<Predict>();
}

}  // namespace incipit::cli
