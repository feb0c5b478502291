#include "train_observer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "batch_view.h"
#include "console.h"
#include "interrupt.h"
#include "numbers.h"
#include "warnings.h"

namespace incipit::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

void ConsoleObserver::print(const std::string& text) {
  if (Status printed = print_result(text); !printed) status_ = printed;
}

void ConsoleObserver::on_start(const TrainStart& start) {
  for (const std::string& line : first_batch_view(start.first_batch)) print_note(line);
  const double percent =
      start.all > 0 ? 100.0 * static_cast<double>(start.trainable) / static_cast<double>(start.all) : 0;
  print(fmt::format("trainable params: {} || all params: {} || trainable%: {:.4f}\n",
                    with_thousands(start.trainable), with_thousands(start.all), percent));
  for (const auto& [name, shape] : start.tensors)
    print_note(fmt::format("trained tensor: {} [{}]", name, fmt::join(shape, ", ")));
  progress_.emplace("train", "steps", start.steps);
}

void ConsoleObserver::on_step(const StepReport& report) {
  const double rate = report.seconds > 0 ? static_cast<double>(report.tokens) / report.seconds : 0;
  if (log_.is_open()) {
    Json line;
    line["step"] = report.step;
    line["epoch"] = report.epoch;
    line["loss"] = report.loss;
    line["lr"] = report.learning_rate;
    line["tokens_per_s"] = rate;
    log_.write(dump(line));
  }
  if (progress_)
    progress_->update(report.step, fmt::format("epoch {:.2f}, loss {:.4f}, {:.3g} tokens/s", report.epoch,
                                               report.loss, rate));
}

void ConsoleObserver::on_epoch(const EpochReport& report) {
  if (!report.eval) {
    print(fmt::format("epoch {}: {{'train_loss': {:.4f}}}\n", report.epoch, report.train_loss));
    return;
  }
  const Metrics& metrics = *report.eval;
  print(fmt::format("epoch {}: {{'accuracy': {:.4f}, 'f1': {:.4f}}}\n", report.epoch, metrics.accuracy,
                    metrics.f1));
  warn_of_collapse(metrics, labels_, fmt::format("epoch {}", report.epoch));
  if (!log_.is_open()) return;
  Json line;
  line["epoch"] = report.epoch;
  line["eval"] = Json::parse(metrics_to_json(metrics, labels_));
  log_.write(dump(line));
}

void ConsoleObserver::on_warning(const std::string& message) {
  print_warning(message);
}

bool ConsoleObserver::stop_requested() {
  return interrupted();
}

}  // namespace incipit::cli
