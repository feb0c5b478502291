#pragma once

#include <optional>
#include <string>

#include "incipit/dataset.h"
#include "incipit/result.h"

#include "command_line.h"
#include "train_data.h"

namespace incipit::cli {

/// --test-data and --test-split of `incipit sweep`: texts that nothing is chosen by.
class SweepTestData {
 public:
  void declare(CommandLine& line);

  struct Texts {
    Dataset data;
    std::string source;  // for people
  };
  /// Read as the training texts are; none where neither flag is given. sweep_data: --data of the sweep.
  /// Throws CLI::ParseError where they are what is trained on or chosen by.
  Result<std::optional<Texts>> read(const std::string& sweep_data, const TrainDataFlags& flags,
                                    const TrainingData& data) const;

 private:
  std::string path_;
  std::string split_;
};

}  // namespace incipit::cli
