#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "incipit/adapter.h"
#include "incipit/train.h"

#include "command_line.h"
#include "flags.h"
#include "hard_prompt_flags.h"

namespace incipit::cli {

/// The flags of TrainOptions.
class TrainFlags {
 public:
  void declare(CommandLine& line);

  /// The options they say, but for class_weights, which need the labels. Throws CLI::ParseError where flags
  /// contradict each other; fails where a template file cannot be read. `saved` is the adapter of --init DIR:
  /// what is not given is as it has it.
  Result<TrainOptions> options(const CommandLine& line, const std::optional<AdapterInfo>& saved) const;

  /// The folder of --init DIR, if it is one.
  std::optional<std::filesystem::path> saved_adapter() const;
  std::uint64_t seed() const { return options_.seed; }
  /// Whether --verbalizer is auto.
  bool finds_words() const { return hard_prompt_.finds_words(); }

 private:
  void declare_prompt(CommandLine& line);
  void declare_optimizer(CommandLine& line);
  void declare_batches(CommandLine& line);
  /// What is not given is as the saved adapter has it.
  static void take_saved(const CommandLine& line, const AdapterInfo& saved, TrainOptions& options);
  void set_init(const CommandLine& line, TrainOptions& options) const;

  TrainOptions options_;
  std::string method_ = "prompt";
  HardPromptFlags hard_prompt_;
  static constexpr std::int64_t kDefaultLabelWords = 3;
  std::int64_t label_words_ = kDefaultLabelWords;
  std::string loss_ = "vocabulary";
  std::int64_t insert_layer_ = 0;
  std::int64_t max_batch_tokens_ = 0;
  std::string head_input_;
  std::string init_ = "vocab";
  double head_learning_rate_ = 0;
  std::string schedule_ = "linear";
  std::string batching_ = "shuffle";
  std::string dropout_ = "off";
  std::string cache_type_ = "bf16";
};

}  // namespace incipit::cli
