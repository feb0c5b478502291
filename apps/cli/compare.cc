#include <algorithm>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "incipit/experiment.h"
#include "incipit/hub.h"

#include "cache_flags.h"
#include "checks.h"
#include "commands.h"
#include "compare_data.h"
#include "compare_file.h"
#include "compare_observer.h"
#include "compare_run.h"
#include "console.h"
#include "flags.h"
#include "interrupt.h"
#include "numbers.h"
#include "output.h"

namespace incipit::cli {
namespace {

namespace fs = std::filesystem;

class Compare : public Command {
 public:
  void declare(CommandLine& line) override {
    line.positional("FILE", file_, "TOML file with the settings to compare")->required();
    line.list(
        "--data", data_, "PATH",
        "Labelled texts to use instead of the file's [data] path; as NAME=PATH instead of every data set "
        "that the file calls NAME");
    line.list("--model", models_, "NAME",
              "The model of every run, instead of the file's; as NAME=OTHER instead of the one that the file "
              "calls NAME");
    line.flag("--limit", limit_, "N", "Train on only N texts, drawn by the [data] seed; 0: all")
        ->check(whole_number(0));
    line.flag("--test-limit", test_limit_, "N", "Test on only N texts, drawn by the [data] seed; 0: all")
        ->check(whole_number(0));
    line.list("--seeds", seeds_, "N", "Seeds of every run, instead of the file's")->check(seed_number());
    line.flag("--output", output_, "DIR",
              "Folder for page.html, comparison.json, run.toml, which repeats this comparison, and the "
              "finished trials; without it comparison-FILE");
    line.flag("--adapters", adapters_, "DIR", "Also save every adapter, as DIR/RUN/SEED");
    line.mark("--json", json_, "Print the comparison as JSON instead of the table");
    line.mark("--fresh", fresh_, "Also run trials again that the output folder has finished");
    add_threads(line, threads_);
    cache_.declare(line);
    line.examples(
        "  incipit compare prompts.toml\n"
        "  incipit compare prompts.toml --data reviews.tsv --limit 500 --test-limit 500 --seeds 0 1 2\n"
        "prompts.toml has the flags of `incipit train`, without dashes:\n"
        "  title = \"Prompts on movie reviews\"\n"
        "  [data]\n"
        "  path = \"movie-reviews\"\n"
        "  train = { limit = 2000 }\n"
        "  test = { limit = 500 }\n"
        "  [defaults]\n"
        "  model = \"minilm\"\n"
        "  epochs = 3\n"
        "  seeds = [0, 1, 2]\n"
        "  [[run]]\n"
        "  name = \"head only\"\n"
        "  method = \"head\"\n"
        "  [[run]]\n"
        "  name = \"late prompt\"\n"
        "  method = \"late\"\n"
        "Ctrl-C ends after the current step and reports the finished trials; the same command goes on.");
  }

  Result<int> run(const CommandLine& line) override {
    INCIPIT_TRY(CompareFile file, read_compare_file(file_, CompareRun::known_flags()));
    override_file(line, file);
    if (output_.empty()) output_ = "comparison-" + fs::path(file_).stem().string();
    const std::string repeated = compare_file_as_toml(file);
    use_threads(threads_);
    INCIPIT_TRY(Experiment experiment, plan(file));
    for (ExperimentRun& planned : experiment.runs) cache_.apply(planned.options.activation_cache);
    INCIPIT_CHECK(check_writable_folder(output_));
    if (!adapters_.empty()) INCIPIT_CHECK(check_writable_folder(adapters_));
    catch_interrupts();
    CompareObserver observer;
    INCIPIT_TRY(const ExperimentResult result, run_experiment(experiment, experiment_options(), observer));
    INCIPIT_CHECK(report(result, repeated));
    if (result.interrupted) return kInterrupted;
    if (!result.failures.empty())
      return fail("{} of {} failed; see the warnings above",
                  result.failures.size() == 1 ? "a trial" : fmt::format("{} trials", result.failures.size()),
                  file_);
    return 0;
  }

 private:
  void override_file(const CommandLine& line, CompareFile& file) const {
    replace_data(data_, file);
    replace_models(models_, file);
    if (line.given("--test-limit")) file.test.limit = test_limit_;
    for (FileRun& run : file.runs) {
      if (line.given("--limit")) run.flags["limit"] = {{std::to_string(limit_)}, "--limit"};
      if (seeds_.empty()) continue;
      run.seeds.clear();
      for (const std::string& seed : seeds_) run.seeds.push_back(*parse_number<std::uint64_t>(seed));
    }
  }

  ExperimentOptions experiment_options() const {
    ExperimentOptions options;
    options.adapters = adapters_;
    options.trials = fs::path(output_) / "trials";
    options.packed_weights = packed_weights_folder();
    options.fresh = fresh_;
    return options;
  }

  /// Checks everything that can be checked before the first step: flags, models, data.
  static Result<Experiment> plan(const CompareFile& file) {
    std::vector<std::unique_ptr<CompareRun>> runs;
    std::map<std::string, fs::path> models;
    std::vector<std::string> labels;
    for (const FileRun& from : file.runs) {
      CompareRun& run = *runs.emplace_back(std::make_unique<CompareRun>(from));
      INCIPIT_CHECK(run.choose_test(file.test));
      run.parse();
      if (!models.contains(run.model())) {
        Result<fs::path> folder = resolve(run.model());
        if (!folder)
          return fail(
              "{}: {}; --model {}=FOLDER names the folder of a model (config.json, model.safetensors, "
              "tokenizer.json)",
              from.where, folder.error().message, run.model());
        models.emplace(run.model(), std::move(*folder));
      }
      // An adapter that PEFT saved names no labels of its own, and has no fingerprint.
      const std::optional<AdapterInfo>& saved = run.saved_adapter();
      if (labels.empty() && saved && !saved->base_fingerprint.empty()) labels = saved->labels;
    }
    CompareData data(file.test, file.data_seed, labels);
    Experiment experiment;
    experiment.title = file.title;
    for (const auto& run : runs) {
      ExperimentRun texts;
      INCIPIT_CHECK(data.add(*run, texts));
      ExperimentRun& planned =
          experiment.runs.emplace_back(run->experiment_run(data.labels(), models.at(run->model())));
      planned.train = texts.train;
      planned.held_out = texts.held_out;
      planned.test = texts.test;
    }
    experiment.data = data.source();
    return experiment;
  }

  Status report(const ExperimentResult& result, const std::string& repeated) const {
    const Comparison& comparison = result.comparison;
    if (comparison.runs.empty()) {
      print_note("no trial was finished, so nothing is written");
      return {};
    }
    const fs::path folder = output_;
    const std::string json = comparison_to_json(comparison);
    INCIPIT_CHECK(write_whole(folder / "comparison.json", json));
    INCIPIT_CHECK(write_whole(folder / "run.toml", repeated));
    INCIPIT_CHECK(write_whole(folder / "page.html", comparison_page(comparison)));
    INCIPIT_CHECK(print_result(json_ ? json : format_comparison(comparison)));
    if (result.interrupted) print_note("ended by Ctrl-C; the same command goes on after the finished trials");
    print_note(fmt::format("page: {}", (folder / "page.html").string()));
    return {};
  }

  std::string file_;
  std::vector<std::string> data_;
  std::vector<std::string> models_;
  std::vector<std::string> seeds_;
  std::int64_t limit_ = 0;
  std::int64_t test_limit_ = 0;
  std::string output_;
  std::string adapters_;
  bool json_ = false;
  bool fresh_ = false;
  int threads_ = 0;
  CacheFlags cache_;
};

}  // namespace

std::unique_ptr<Command> make_compare() {
  return std::make_unique<Compare>();
}

}  // namespace incipit::cli
