#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "incipit/adapter.h"
#include "incipit/dataset.h"
#include "incipit/result.h"

#include "command_line.h"
#include "flags.h"

namespace incipit::cli {

struct TrainingData {
  Dataset train;
  std::optional<Dataset> held_out;  // what epochs are evaluated on
  std::string train_source;         // for people: path and split
  std::string held_out_source;
};

/// The flags that say what is trained and evaluated on.
class TrainDataFlags {
 public:
  void declare(CommandLine& line);

  /// Evaluates on --eval-data; else, unless --validation-split is given, on --eval-split, a folder's own
  /// validation split, or the validation part where --split names a part of data without splits; else on a
  /// part held out.
  /// Labels come from the training data, in the order of those of `like` where it has any; what --prepare
  /// leaves open is as `like` has it.
  Result<TrainingData> read(const CommandLine& line, std::uint64_t seed, const AdapterInfo& like) const;
  /// Other texts, read as the training texts are: the same columns, labels and preparation.
  Result<Dataset> read_other(const std::filesystem::path& path, const std::string& split,
                             const Dataset& train) const;

 private:
  Status read_eval_data(TrainingData& data) const;
  Status read_eval(const std::filesystem::path& path, const std::string& split, TrainingData& data) const;
  std::string eval_split() const;
  void hold_part_out(std::uint64_t seed, TrainingData& data) const;

  DataFlags data_;
  std::string eval_data_;
  std::string eval_split_;
  double validation_split_ = 0.1;
  std::int64_t limit_ = 0;
  std::int64_t eval_limit_ = 0;
};

}  // namespace incipit::cli
