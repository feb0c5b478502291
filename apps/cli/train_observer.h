#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "incipit/train.h"

#include "progress.h"
#include "train_log.h"

namespace incipit::cli {

/// Shows how training goes: figures of every epoch on stdout, progress and warnings on stderr, all of it in
/// the log; passes Ctrl-C on.
class ConsoleObserver : public TrainObserver {
 public:
  /// Both must outlive it.
  ConsoleObserver(const std::vector<std::string>& labels, TrainLog& log) : labels_(labels), log_(log) {}

  void on_start(const TrainStart& start) override;
  void on_step(const StepReport& report) override;
  void on_epoch(const EpochReport& report) override;
  void on_warning(const std::string& message) override;
  bool stop_requested() override;

  /// What stdout did not take, if so.
  const Status& status() const { return status_; }

 private:
  void print(const std::string& text);

  const std::vector<std::string>& labels_;
  TrainLog& log_;
  std::optional<Progress> progress_;
  Status status_;
};

}  // namespace incipit::cli
