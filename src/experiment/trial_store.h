#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "experiment/trial.h"

namespace incipit {

/// Finished trials in a folder, a file each, named after everything that makes a trial what it is.
class TrialStore {
 public:
  /// An empty folder keeps nothing. `fresh`: finds nothing, but keeps.
  TrialStore(std::filesystem::path folder, bool fresh) : folder_(std::move(folder)), fresh_(fresh) {}

  /// None where there is none, or where its file cannot be used.
  std::optional<MeasuredTrial> find(const ExperimentRun& run, std::uint64_t seed) const;
  Status keep(const ExperimentRun& run, const MeasuredTrial& trial) const;

 private:
  std::filesystem::path file_of(const ExperimentRun& run, std::uint64_t seed) const;

  std::filesystem::path folder_;
  bool fresh_;
};

}  // namespace incipit
