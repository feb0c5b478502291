#pragma once

#include <string>
#include <string_view>

#include "incipit/result.h"

namespace incipit::cli {

/// --log: a file that grows by whole lines, to be followed while training runs.
class TrainLog {
 public:
  /// An empty path: no log.
  static Result<TrainLog> open(const std::string& path);
  TrainLog(TrainLog&& other) noexcept;
  TrainLog& operator=(TrainLog&&) = delete;
  ~TrainLog();

  bool is_open() const { return descriptor_ >= 0; }
  /// Appends a line. A failure is warned of once and ends the log, not the training.
  void write(std::string_view line);

 private:
  TrainLog(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  std::string path_;
  int descriptor_;
};

}  // namespace incipit::cli
