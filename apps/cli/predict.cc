#include "incipit/predict.h"

#include <memory>

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
    line.flag("--adapter", adapter_, "DIR", "Folder of the adapter");
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
        "One JSON line a text, in the order of the input: {\"id\":…,\"label\":…,\"scores\":{…}}");
  }

  Result<int> run(const CommandLine& line) override {
    if (texts_.empty() == data_.path.empty()) wrong_usage("predict", "needs either texts or --data");
    if (pairs_ && (texts_.empty() || texts_.size() % 2 != 0))
      wrong_usage("--pairs", "needs an even number of texts");
    if (adapter_.empty() == !hard_prompt_.has_verbalizer())
      wrong_usage("predict", "needs either --adapter, or a hard prompt: --verbalizer, and --template");
    if (!hard_prompt_.has_verbalizer())
      demonstrations_.refuse("needs a hard prompt: --verbalizer, and --template");
    use_threads(threads_);
    INCIPIT_TRY(const Model model, load_model(model_, precision_));
    INCIPIT_TRY(const ReadyHardPrompt ready, make_ready(model));
    PredictOptions options = options_;
    if (ready.nearest) options.demonstrations = &*ready.nearest;
    Predictor predictor(model, ready.adapter, options);
    INCIPIT_TRY(Output output, Output::open(output_));
    const AdapterInfo& info = ready.adapter.info();
    Job job{predictor, info, ready.shown, output, 0};
    INCIPIT_CHECK(texts_.empty() ? predict_data(job) : predict_chunk(job, given_texts(info.preparation)));
    if (job.own_demonstrations > 0)
      print_warning(fmt::format("{} of the texts are among the demonstrations that all are shown",
                                with_thousands(job.own_demonstrations)));
    INCIPIT_CHECK(output.commit());
    if (output.is_file()) INCIPIT_CHECK(write_whole(output_ + ".run.toml", line.resolved()));
    return 0;
  }

 private:
  struct Job {
    Predictor& predictor;
    const AdapterInfo& adapter;
    const std::vector<std::uint64_t>& shown;  // see ReadyHardPrompt
    Output& output;
    std::int64_t own_demonstrations;  // texts that are among `shown`
  };

  /// The adapter of the folder, or of the hard prompt.
  Result<ReadyHardPrompt> make_ready(const Model& model) const {
    if (hard_prompt_.has_verbalizer())
      return demonstrations_.make(model, hard_prompt_, data_, given_texts({}), seed_);
    INCIPIT_TRY(Adapter adapter, Adapter::load(adapter_, model, force_));
    return ReadyHardPrompt{std::move(adapter), std::nullopt, {}};
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

  Status predict_chunk(Job& job, const std::vector<Example>& examples) const {
    INCIPIT_TRY(const std::vector<Prediction> predictions, job.predictor.predict(examples));
    job.own_demonstrations += count_overlap(examples, job.shown);
    std::string lines;
    for (std::size_t i = 0; i < examples.size(); ++i)
      lines += prediction_line(examples[i], predictions[i], job.adapter.labels, {.logits = logits_});
    return job.output.write(lines);
  }

  Status predict_data(Job& job) const {
    INCIPIT_TRY(const std::filesystem::path path, data_path(data_.path));
    DataOptions options = data_options(data_, job.adapter.preparation);
    options.labels_required = false;
    INCIPIT_TRY(const std::unique_ptr<ExampleReader> reader, open_examples(path, options));
    Progress progress("predict", "texts", 0);
    std::int64_t done = 0;
    while (job.output.wanted()) {
      INCIPIT_TRY(const std::vector<Example> chunk, read_chunk(*reader));
      if (chunk.empty()) break;
      INCIPIT_CHECK(predict_chunk(job, chunk));
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
  std::string adapter_;
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
