#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "incipit/result.h"

namespace incipit {

struct Command {
  std::vector<std::string> arguments;              // the program, looked up in PATH, and what it is given
  std::filesystem::path folder;                    // it runs in
  std::map<std::string, std::string> environment;  // set on top of our own
};

struct Outcome {
  int exit_code = 0;   // 128 + the signal that ended it
  std::string output;  // stdout and stderr as they came; the beginning of it where it is long
};

/// Runs a program to its end, without a shell and with an empty stdin. Fails when it cannot be started.
Result<Outcome> run(const Command& command);

}  // namespace incipit
