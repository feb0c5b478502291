#include "incipit/inspect.h"

#include <optional>

#include <fmt/format.h>

#include "checks.h"
#include "commands.h"
#include "console.h"
#include "flags.h"
#include "labelled_data.h"
#include "output.h"
#include "progress.h"
#include "warnings.h"

namespace incipit::cli {
namespace {

class Inspect : public Command {
 public:
  void declare(CommandLine& line) override {
    line.positional("ADAPTER", adapter_, "Folder of the adapter")->required();
    add_model(line, model_)->required();
    add_precision(line, precision_);
    add_data(
        line, data_,
        "Labelled texts, to see what the head's rows look at and what each virtual token is worth; every "
        "text is run once for each virtual token; without them only the prompt's vectors are looked at");
    add_columns(line, data_);
    add_split(line, data_, "a folder's validation split where it has one, else everything");
    add_limit(line, limit_, "texts");
    add_seed(line, options_.seed,
             "Draws the texts of --limit, the random vectors and the words of the picture");
    line.flag("--nearest", options_.nearest, "N", "Nearest words to show of each virtual token")
        ->check(whole_number(1, kMostNearest));
    line.mark("--json", json_, "A JSON object instead of text");
    add_output(line, output_);
    add_max_batch_tokens(line, options_.max_batch_tokens);
    add_force(line, force_);
    add_threads(line, threads_);
    line.examples(
        "  incipit inspect reviews --model minilm\n"
        "  incipit inspect reviews --model minilm --data movie-reviews --split test --limit 200\n"
        "What the figures mean: docs/inspect.md");
  }

  Result<int> run(const CommandLine& line) override {
    check_usage(line);
    use_threads(threads_);
    INCIPIT_TRY(const Model model, load_model(model_, precision_));
    INCIPIT_TRY(const Adapter adapter, Adapter::load(adapter_, model, force_));
    std::vector<Example> examples;
    if (!data_.path.empty()) {
      INCIPIT_TRY(examples, read_examples(adapter));
    } else {
      print_note("no --data: nothing is said of attention and of what each virtual token is worth");
    }
    INCIPIT_TRY(const PromptInspection inspection, look(model, adapter, examples));
    INCIPIT_TRY(Output output, Output::open(output_));
    INCIPIT_CHECK(
        output.write(json_ ? inspection_to_json(inspection) + '\n' : format_inspection(inspection)));
    INCIPIT_CHECK(output.commit());
    if (output.is_file()) INCIPIT_CHECK(write_whole(output_ + ".run.toml", line.resolved()));
    return 0;
  }

 private:
  static constexpr std::int64_t kMostNearest = 1000;

  /// What says how texts are read needs texts.
  void check_usage(const CommandLine& line) const {
    if (!data_.path.empty()) return;
    for (const char* flag : {"--text", "--text-pair", "--label", "--split", "--split-seed", "--limit"})
      if (line.given(flag)) wrong_usage(flag, "needs --data");
  }

  Result<std::vector<Example>> read_examples(const Adapter& adapter) const {
    INCIPIT_TRY(const std::filesystem::path path, data_path(data_.path));
    DataOptions options = data_options(data_);
    if (options.split.empty() && has_split(path, "validation")) options.split = "validation";
    INCIPIT_TRY(Dataset data, read_labelled(path, options, adapter.info().labels));
    if (limit_ > 0) data = sample(std::move(data), static_cast<std::size_t>(limit_), options_.seed);
    const std::string split = options.split.empty() ? "" : ", split " + options.split;
    print_note(fmt::format("inspect on {}{}: {}", path.string(), split, summary(data)));
    warn_of_overlap(adapter_, count_overlap(data.examples, adapter.info().training_texts),
                    std::ssize(data.examples));
    return std::move(data.examples);
  }

  Result<PromptInspection> look(const Model& model, const Adapter& adapter,
                                const std::vector<Example>& examples) const {
    std::optional<Progress> progress;  // how much there is to do is told with the first part
    Result<PromptInspection> inspection =
        inspect(model, adapter, examples, options_, [&](std::int64_t done, std::int64_t all) {
          if (!progress) progress.emplace("inspect", "runs of a text", all);
          progress->update(done);
        });
    if (!inspection) return fail("{}: {}", adapter_, inspection.error().message);
    return inspection;
  }

  std::string adapter_;
  std::string model_;
  std::string precision_;
  DataFlags data_;
  std::int64_t limit_ = 0;
  bool json_ = false;
  std::string output_;
  bool force_ = false;
  int threads_ = 0;
  InspectOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_inspect() {
  return std::make_unique<Inspect>();
}

}  // namespace incipit::cli
