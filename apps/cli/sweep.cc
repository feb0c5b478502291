#include "incipit/sweep.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "incipit/hub.h"

#include "cache_flags.h"
#include "class_weights.h"
#include "commands.h"
#include "compare_observer.h"
#include "console.h"
#include "flags.h"
#include "interrupt.h"
#include "labelled_data.h"
#include "numbers.h"
#include "output.h"
#include "sweep_output.h"
#include "sweep_setting.h"
#include "sweep_test_data.h"
#include "swept_flags.h"

namespace incipit::cli {
namespace {

namespace fs = std::filesystem;

/// Draws what is held out to choose by: one draw for all seeds, so that all settings are chosen by the same.
constexpr std::uint64_t kDataSeed = 0;

class Sweep : public Command {
 public:
  void declare(CommandLine& line) override {
    add_model(line, model_)->required();
    add_precision(line, precision_);
    line.flag("--output", folder_, "DIR",
              "Folder for best/ (the best setting's adapter, of its best seed), sweep.json, page.html, "
              "run.toml, "
              "which repeats this sweep, and the finished trials")
        ->required();
    line.mark("--json", json_, "Print the result as JSON instead of the table");
    line.mark("--fresh", fresh_, "Also run trials again that the output folder has finished");
    add_threads(line, threads_);
    data_.declare(line);
    test_.declare(line);
    flags_.declare(line);
    add_class_weights(line, class_weights_);
    cache_.declare(line);
    sweep_flags(line);
    line.examples(
        "  incipit sweep --model minilm --data movie-reviews --split train --lr 1e-3,1e-2 --output swept\n"
        "  incipit sweep --model minilm --data reviews.tsv --method late --insert-layer 2,3,4 --lr 3e-3,1e-2 "
        "\\\n"
        "                --init vocab,random --test-data unseen.tsv --output swept\n"
        "Every setting is trained with every seed; the texts that choose each trial's epoch choose the "
        "setting.\n"
        "Ctrl-C ends after the current step and reports the finished trials; the same command goes on.");
  }

  Result<int> run(const CommandLine& line) override {
    const std::vector<SweepAxis> axes = swept_axes(line);
    const std::vector<std::uint64_t> seeds = swept_seeds(line);
    INCIPIT_TRY(const Settings settings, read_settings(line, axes, seeds.front()));
    use_threads(threads_);
    const SweepFolder folder{folder_};
    INCIPIT_CHECK(check_writable_folder(folder.root));
    INCIPIT_TRY(const fs::path path, resolve(model_));
    INCIPIT_TRY(SweepPlan plan, this->plan(line, axes, seeds, settings, path));
    INCIPIT_TRY(const Model model, load_model(model_, precision_));
    check_layers(model, axes);
    print_note(fmt::format("{} {} × {} {}", settings.size(), settings.size() == 1 ? "setting" : "settings",
                           seeds.size(), seeds.size() == 1 ? "seed" : "seeds"));
    ExperimentOptions options;
    options.adapters = folder.adapters();
    options.trials = folder.trials();
    options.fresh = fresh_;
    catch_interrupts();
    CompareObserver observer("validation");
    INCIPIT_TRY(const SweepResult result, run_sweep(model, plan, options, observer));
    return report(line, plan, result, folder);
  }

 private:
  using Settings = std::vector<std::unique_ptr<SweepSetting>>;

  /// Checks every setting before anything is read.
  static Result<Settings> read_settings(const CommandLine& line, const std::vector<SweepAxis>& axes,
                                        std::uint64_t seed) {
    Settings settings;
    for (const std::vector<std::string>& values : sweep_grid(axes)) {
      SweepSetting& setting =
          *settings.emplace_back(std::make_unique<SweepSetting>(line, axes, values, seed));
      INCIPIT_CHECK(setting.read_options());
      if (setting.options().method == Method::hard)
        wrong_usage("--method", "hard trains nothing; incipit compare ranks hard prompts");
      if (setting.options().method == Method::head) check_head(axes);
    }
    return settings;
  }

  static void check_head(const std::vector<SweepAxis>& axes) {
    for (const SweepAxis& axis : axes)
      if (axis.values.size() > 1 && (axis.name == "init" || axis.name == "num-virtual-tokens"))
        wrong_usage("--" + axis.name,
                    "several values make no difference to --method head, which has no prompt");
  }

  /// The model's layers are known only now; a trial that fails in the third hour is too late.
  static void check_layers(const Model& model, const std::vector<SweepAxis>& axes) {
    const std::int64_t layers = model.info().num_layers;
    for (const SweepAxis& axis : axes)
      for (const std::string& value : axis.values)
        if (axis.name == "insert-layer" && *parse_number<std::int64_t>(value) >= layers)
          wrong_usage("--insert-layer", fmt::format("{}: a late prompt joins at layer 1 to {} of this model",
                                                    value, layers - 1));
  }

  /// The saved adapter that texts are read for, if settings start from one; from several, all must be alike.
  static AdapterInfo read_for(const Settings& settings) {
    AdapterInfo like;
    bool found = false;
    for (const auto& setting : settings) {
      const std::optional<AdapterInfo>& saved = setting->saved_adapter();
      if (!saved) continue;
      if (found && (saved->labels != like.labels || saved->preparation != like.preparation))
        wrong_usage("--init",
                    "the saved adapters have other labels or other preparations than each other, so that "
                    "their texts cannot be the same; sweep them apart");
      like = *saved;
      found = true;
    }
    // An adapter that PEFT saved names no labels of its own, and has no fingerprint.
    if (like.base_fingerprint.empty()) like.labels.clear();
    return like;
  }

  Result<SweepPlan> plan(const CommandLine& line, const std::vector<SweepAxis>& axes,
                         const std::vector<std::uint64_t>& seeds, const Settings& settings,
                         const fs::path& model) const {
    const SweepSetting& any = *settings.front();
    INCIPIT_TRY(TrainingData data, any.data().read(any.line(), kDataSeed, read_for(settings)));
    if (!data.held_out)
      wrong_usage("--validation-split", "a sweep chooses by texts that are held out, and there are none");
    INCIPIT_TRY(auto test, test_.read(line.values_of("--data").front(), any.data(), data));
    print_note(fmt::format("train on {}: {}", data.train_source, summary(data.train)));
    print_note(fmt::format("choose on {}: {}", data.held_out_source, summary(*data.held_out)));

    SweepPlan plan;
    plan.title = "Sweep of " + data.train_source;
    plan.data = data.held_out_source;
    plan.axes = axes;
    plan.metric = any.options().metric;
    const auto train = std::make_shared<const Dataset>(std::move(data.train));
    const auto held_out = std::make_shared<const Dataset>(std::move(*data.held_out));
    const std::vector<std::vector<std::string>> grid = sweep_grid(axes);
    for (std::size_t i = 0; i < settings.size(); ++i) {
      ExperimentRun& run = plan.runs.emplace_back(settings[i]->run(train->labels, model));
      cache_.apply(run.options.activation_cache);
      run.name = setting_name(axes, grid[i]);
      run.seeds = seeds;
      run.train = train;
      run.held_out = run.test = held_out;
    }
    if (test) {
      plan.test = std::make_shared<const Dataset>(std::move(test->data));
      plan.test_data = test->source;
    }
    return plan;
  }

  Result<int> report(const CommandLine& line, const SweepPlan& plan, const SweepResult& result,
                     const SweepFolder& folder) const {
    if (result.settings.empty()) {
      print_note("no trial was finished, so nothing is written");
    } else {
      INCIPIT_CHECK(write_sweep(result, folder, line.resolved(), json_));
      if (result.best() != nullptr) INCIPIT_CHECK(save_best(line, plan, result, folder));
      print_note(fmt::format("page: {}", (folder.root / "page.html").string()));
    }
    if (result.interrupted) {
      print_note(fmt::format("ended by Ctrl-C; to go on after the finished trials: incipit sweep --config {}",
                             (folder.root / "run.toml").string()));
      return kInterrupted;
    }
    if (!result.failures.empty())
      return fail("{} failed; see the warnings above",
                  result.failures.size() == 1 ? "a trial" : fmt::format("{} trials", result.failures.size()));
    return 0;
  }

  static Status save_best(const CommandLine& line, const SweepPlan& plan, const SweepResult& result,
                          const SweepFolder& folder) {
    const RankedSetting& best = *result.best();
    const RunRecord& record = result.validation.runs[best.run];
    const std::uint64_t seed = record.trials[best.best_trial].seed;
    const auto run = std::find_if(plan.runs.begin(), plan.runs.end(),
                                  [&](const ExperimentRun& planned) { return planned.name == record.name; });
    const std::string name =
        run_folder_names({"", "", plan.runs})[static_cast<std::size_t>(run - plan.runs.begin())];
    const SweepSetting setting(line, plan.axes, best.grid, seed);
    INCIPIT_CHECK(keep_best(folder.adapters() / name / std::to_string(seed), setting.resolved(), folder));
    print_note(fmt::format("best: {}, seed {}; saved {}", record.name, seed, folder.best().string()));
    return {};
  }

  std::string model_, precision_, folder_, class_weights_;
  bool json_ = false;
  bool fresh_ = false;
  int threads_ = 0;
  TrainDataFlags data_;
  SweepTestData test_;
  TrainFlags flags_;
  CacheFlags cache_;
};

}  // namespace

std::unique_ptr<Command> make_sweep() {
  return std::make_unique<Sweep>();
}

}  // namespace incipit::cli
