#pragma once

#include <cstdint>
#include <optional>

#include "incipit/experiment.h"

namespace incipit {

/// A finished trial and what it says of its run.
struct MeasuredTrial {
  TrialRecord record;
  std::int64_t trainable_parameters = 0;
  std::int64_t all_parameters = 0;  // as PEFT counts
  bool drawn_head = false;          // the head started from random numbers
};

/// Trains (or only starts) an adapter, chooses its epoch, and measures it once on the test examples; saves it
/// into `adapter_folder` unless that is empty. None: interrupted.
Result<std::optional<MeasuredTrial>> run_trial(const Model& model, const ExperimentRun& run,
                                               std::uint64_t seed, const ExperimentOptions& options,
                                               const std::filesystem::path& adapter_folder,
                                               ExperimentObserver& observer);

/// Measures a trained adapter on run.test: the test figures of the record.
Status measure(const Model& model, const Adapter& adapter, const ExperimentRun& run, std::size_t most_wrong,
               ExperimentObserver& observer, TrialRecord& record);

}  // namespace incipit
