#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "incipit/sweep.h"

#include "command_line.h"
#include "train_data.h"
#include "train_flags.h"

namespace incipit::cli {

/// One setting of a sweep: the line of `incipit train` that it stands for, read by the same declarations.
class SweepSetting {
 public:
  /// `sweep`: the parsed line of the sweep. setting: [axes] its values. Throws CLI::ParseError where `incipit
  /// train` would refuse the flags.
  SweepSetting(const CommandLine& sweep, std::span<const SweepAxis> axes,
               std::span<const std::string> setting, std::uint64_t seed);
  SweepSetting(const SweepSetting&) = delete;
  SweepSetting& operator=(const SweepSetting&) = delete;

  /// Fails where a file that a flag names cannot be read.
  Status read_options();
  /// After read_options().
  const TrainOptions& options() const { return options_; }
  const std::optional<AdapterInfo>& saved_adapter() const { return saved_; }
  const CommandLine& line() const { return line_; }
  const TrainDataFlags& data() const { return data_; }

  /// All of it, but for name, seeds and data.
  ExperimentRun run(const std::vector<std::string>& labels, std::filesystem::path model);
  /// The flags as TOML, with which `incipit train --config` trains it.
  std::string resolved() const { return line_.resolved(); }

 private:
  CommandLine line_{"train", ""};
  std::string model_, precision_, class_weights_;
  TrainDataFlags data_;
  TrainFlags flags_;
  TrainOptions options_;
  std::optional<AdapterInfo> saved_;
};

}  // namespace incipit::cli
