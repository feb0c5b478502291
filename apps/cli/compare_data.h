#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "incipit/experiment.h"

#include "compare_run.h"

namespace incipit::cli {

/// Reads the texts of runs; what several use is read once and shared. All have the labels of the first.
class CompareData {
 public:
  /// `seed` draws what limits and parts leave. `known_labels`: their order, where a saved adapter fixes it.
  CompareData(const FileTest& test, std::uint64_t seed, std::vector<std::string> known_labels)
      : test_(test), seed_(seed), labels_(std::move(known_labels)) {}

  /// Fills train, held_out and test.
  Status add(const CompareRun& from, ExperimentRun& run);
  const std::vector<std::string>& labels() const { return labels_; }
  /// Where the test examples of the first run come from, for people.
  const std::string& source() const { return source_; }

 private:
  struct Parts {
    std::shared_ptr<const Dataset> train, held_out, test;
  };
  Result<Parts> read(const CompareRun& from);

  const FileTest& test_;
  std::uint64_t seed_;
  std::vector<std::string> labels_;
  std::map<std::string, Parts> parts_;
  std::string source_;
};

}  // namespace incipit::cli
