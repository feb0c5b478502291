#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "incipit/demonstrations.h"
#include "incipit/predict.h"

#include "command_line.h"
#include "flags.h"
#include "hard_prompt_flags.h"

namespace incipit::cli {

/// --shots and --shot-tokens.
void add_shots(CommandLine& line, std::int64_t& shots, std::int64_t& tokens);

/// A hard prompt that is ready to predict.
struct ReadyHardPrompt {
  Adapter adapter;
  std::optional<NearestDemonstrations> nearest;  // for PredictOptions
  std::vector<std::uint64_t> shown;              // text_hash of what every text is shown, sorted
};

/// The flags of demonstrations: those above, --pool and --shot-choice.
class DemonstrationFlags {
 public:
  void declare(CommandLine& line);

  /// The hard prompt of `flags` with its demonstrations. They come from --pool, else from the training split
  /// of `data`, read with its columns; none is one of `texts`. Throws CLI::ParseError where flags contradict
  /// each other; says how many there are.
  Result<ReadyHardPrompt> make(const Model& model, const HardPromptFlags& flags, const DataFlags& data,
                               std::span<const Example> texts, std::uint64_t seed) const;
  /// Says how many texts were shown fewer than --shots, where they are found for each text.
  void note_shots(std::span<const Prediction> predictions) const;
  /// Throws where demonstrations are asked for.
  void refuse(const std::string& why) const;

 private:
  Result<std::vector<Example>> read_pool(const DataFlags& data, const std::vector<std::string>& labels,
                                         std::span<const Example> texts) const;

  std::int64_t shots_ = 0;
  std::int64_t tokens_ = 0;
  std::string choice_ = "random";
  std::string pool_;
};

}  // namespace incipit::cli
