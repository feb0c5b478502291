#include "incipit/train.h"

#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "batch_view.h"
#include "cache_flags.h"
#include "checks.h"
#include "class_weights.h"
#include "commands.h"
#include "console.h"
#include "flags.h"
#include "interrupt.h"
#include "labelled_data.h"
#include "name_list.h"
#include "numbers.h"
#include "output.h"
#include "train_data.h"
#include "train_flags.h"
#include "train_log.h"
#include "train_observer.h"
#include "train_record.h"
#include "warnings.h"

namespace incipit::cli {
namespace {

class Train : public Command {
 public:
  void declare(CommandLine& line) override {
    add_model(line, model_)->required();
    add_precision(line, precision_);
    line.flag("--output", output_, "DIR",
              "Folder for the adapter, whole or not at all; the flags of this run go beside it (run.toml)")
        ->required();
    line.flag("--log", log_, "FILE", "Write every step and every evaluation as a JSON line");
    add_threads(line, threads_);
    cache_.declare(line);
    data_.declare(line);
    flags_.declare(line);
    add_class_weights(line, class_weights_);
    line.examples(
        "  incipit train --model minilm --data movie-reviews --split train --output reviews\n"
        "  incipit train --model minilm --data reviews.tsv --method late --output reviews\n"
        "  incipit train --model minilm --data more.tsv --init reviews --output reviews-2\n"
        "Ctrl-C ends after the current step and saves the best epoch so far; --init DIR goes on from it.");
  }

  Result<int> run(const CommandLine& line) override {
    std::optional<AdapterInfo> saved;
    if (const auto folder = flags_.saved_adapter()) {
      INCIPIT_TRY(saved, read_adapter_info(*folder));
    }
    INCIPIT_TRY(TrainOptions options, flags_.options(line, saved));
    cache_.apply(options.activation_cache);
    use_threads(threads_);
    INCIPIT_CHECK(check_writable_folder(output_));
    INCIPIT_TRY(const TrainingData data, data_.read(line, options.seed, saved.value_or(AdapterInfo())));
    set_class_weights(class_weights_, data.train.labels, options);
    INCIPIT_TRY(const Model model, load_model(model_, precision_));
    describe(model, data);
    INCIPIT_CHECK(warn_of_unknown_words(model.tokenizer(), options.template_text));
    INCIPIT_TRY(TrainLog log, TrainLog::open(log_));
    catch_interrupts();
    INCIPIT_TRY(TrainResult result, learn(model, data, options, log));
    return save(line, model, data, options, result);
  }

 private:
  static void describe(const Model& model, const TrainingData& data) {
    const LoadReport& report = model.report();
    print_note(fmt::format("unused tensors of the checkpoint: {}", name_list(report.unused)));
    print_note(fmt::format("newly initialised tensors: {}", name_list(report.newly_initialised)));
    print_note(fmt::format("train on {}: {}", data.train_source, summary(data.train)));
    print_note(
        fmt::format("first example: {}", example_view(data.train.examples.front(), data.train.labels)));
    if (data.held_out)
      print_note(fmt::format("evaluate on {}: {}", data.held_out_source, summary(*data.held_out)));
    else
      print_note("epochs are not evaluated; --eval-data or --validation-split would");
  }

  static Result<TrainResult> learn(const Model& model, const TrainingData& data, const TrainOptions& options,
                                   TrainLog& log) {
    ConsoleObserver observer(data.train.labels, log);
    Result<TrainResult> result =
        train(model, data.train, data.held_out ? &*data.held_out : nullptr, options, observer);
    if (result && !observer.status()) print_warning(observer.status().error().message);
    return result;
  }

  Result<int> save(const CommandLine& line, const Model& model, const TrainingData& data,
                   const TrainOptions& options, TrainResult& result) const {
    const std::string flags = line.resolved();
    result.adapter.set_provenance(provenance(model, data, result, options.seed, flags),
                                  hash_texts(data.train.examples));
    INCIPIT_CHECK(result.adapter.save(output_));
    INCIPIT_CHECK(write_whole(std::filesystem::path(output_) / "run.toml", flags));
    if (flags_.finds_words())
      INCIPIT_CHECK(print_result(fmt::format("words: {}\n", result.adapter.info().verbalizer)));
    INCIPIT_CHECK(print_result(verdict(result, data.train.labels)));
    if (result.cache_use)
      print_note(
          fmt::format("layers below the prompt: kept output of {} texts was used, those of {} were run",
                      with_thousands(result.cache_use->found), with_thousands(result.cache_use->run)));
    print_note(fmt::format("saved {} after {}", output_, duration(result.seconds)));
    if (!result.interrupted) return 0;
    print_note(fmt::format("ended by Ctrl-C; to go on from it: incipit train … --init {}", output_));
    return kInterrupted;
  }

  std::string model_;
  std::string precision_;
  std::string output_;
  std::string log_;
  std::string class_weights_;
  int threads_ = 0;
  CacheFlags cache_;
  TrainDataFlags data_;
  TrainFlags flags_;
};

}  // namespace

std::unique_ptr<Command> make_train() {
  return std::make_unique<Train>();
}

}  // namespace incipit::cli
