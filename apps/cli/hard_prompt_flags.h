#pragma once

#include <string>

#include "incipit/hard_prompt.h"

#include "command_line.h"

namespace incipit::cli {

/// The flags of a hard prompt: --template, --verbalizer, --word-score, --calibrate.
class HardPromptFlags {
 public:
  void declare(CommandLine& line);
  /// Fails where a file that they name cannot be read.
  Result<HardPrompt> read() const;
  bool finds_words() const { return verbalizer_ == "auto"; }
  bool has_verbalizer() const { return !verbalizer_.empty(); }

 private:
  std::string template_;
  std::string verbalizer_;
  std::string word_score_ = "sequence";
  std::string calibration_ = "none";
};

}  // namespace incipit::cli
