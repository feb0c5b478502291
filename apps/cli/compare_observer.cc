#include "compare_observer.h"

#include <fmt/format.h>

#include "console.h"
#include "interrupt.h"
#include "numbers.h"
#include "warnings.h"

namespace incipit::cli {

void CompareObserver::on_model(const std::filesystem::path& folder, Precision precision) {
  print_note(fmt::format("model {}, {}", folder.string(), name_of(precision)));
}

void CompareObserver::on_trial(const Model& model, const ExperimentRun& run, std::uint64_t seed,
                               TrialPlace place) {
  const std::string& words = run.options.template_text;
  // A template that is wrong fails the trial, which says so.
  if (checked_.emplace(run.model, words).second)
    static_cast<void>(warn_of_unknown_words(model.tokenizer(), words));
  trial_ = fmt::format("[{}/{}] {}, seed {}", place.number, place.count, run.name, seed);
}

void CompareObserver::on_start(const TrainStart& start) {
  tests_ = false;
  progress_.emplace(one_line(trial_), "steps", start.steps);
}

void CompareObserver::on_step(const StepReport& report) {
  if (progress_)
    progress_->update(report.step, fmt::format("epoch {:.2f}, loss {:.4f}", report.epoch, report.loss));
}

void CompareObserver::on_epoch(const EpochReport& report) {
  if (report.eval)
    print_note(fmt::format("{}, epoch {}: accuracy {:.4f}, f1 {:.4f} on the texts that choose the epoch",
                           trial_, report.epoch, report.eval->accuracy, report.eval->f1));
}

void CompareObserver::on_test(std::int64_t done, std::int64_t count) {
  // Between trials only the best setting of a sweep is measured.
  if (!tests_)
    progress_.emplace(trial_.empty() ? "the best, test" : one_line(trial_) + ", " + measured_, "texts",
                      count);
  tests_ = true;
  progress_->update(done);
}

void CompareObserver::on_trial_end(const ExperimentRun& run, const TrialRecord& trial, bool kept) {
  progress_.reset();
  const Metrics& test = trial.test;
  print_note(fmt::format("{}: {} accuracy {:.4f} ({:.4f} to {:.4f}), f1 {:.4f}, {}",
                         kept ? fmt::format("{}, seed {}", run.name, trial.seed) : trial_, measured_,
                         test.accuracy, test.accuracy_interval.low, test.accuracy_interval.high, test.f1,
                         kept ? "finished before" : duration(trial.train_seconds + trial.test_seconds)));
  trial_.clear();
  tests_ = false;
}

void CompareObserver::on_warning(const std::string& message) {
  print_warning(trial_.empty() ? message : fmt::format("{}: {}", trial_, message));
}

void CompareObserver::on_failure(const std::string& message) {
  progress_.reset();
  trial_.clear();
  tests_ = false;
  print_warning(message);
}

bool CompareObserver::stop_requested() {
  return interrupted();
}

}  // namespace incipit::cli
