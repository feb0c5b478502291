#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "incipit/train.h"

#include "train_data.h"

namespace incipit::cli {

/// The evaluation of the epoch that was kept; null where there was none.
const Metrics* best_metrics(const TrainResult& result);

/// Where an adapter comes from, for people, by key.
std::map<std::string, std::string> provenance(const Model& model, const TrainingData& data,
                                              const TrainResult& result, std::uint64_t seed,
                                              const std::string& flags);

/// One line: whether the kept epoch is better than always answering the majority class.
std::string verdict(const TrainResult& result, const std::vector<std::string>& labels);

}  // namespace incipit::cli
