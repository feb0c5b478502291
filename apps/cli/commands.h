#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "incipit/result.h"

#include "command_line.h"

namespace incipit::cli {

/// One command: its flags and what it does with them.
class Command {
 public:
  virtual ~Command() = default;
  virtual void declare(CommandLine& line) = 0;
  /// Returns the exit code. Throws CLI::ParseError for wrong usage that only now can be seen.
  virtual Result<int> run(const CommandLine& line) = 0;
};

struct CommandEntry {
  std::string_view name;
  std::string_view about;  // one line
  std::unique_ptr<Command> (*make)();
};

std::unique_ptr<Command> make_pull();
std::unique_ptr<Command> make_info();
std::unique_ptr<Command> make_tokenize();
std::unique_ptr<Command> make_train();
std::unique_ptr<Command> make_evaluate();
std::unique_ptr<Command> make_compare();
std::unique_ptr<Command> make_sweep();
std::unique_ptr<Command> make_predict();
std::unique_ptr<Command> make_generate();
std::unique_ptr<Command> make_inspect();
std::unique_ptr<Command> make_bench();

/// All of them, in the order of the help page.
std::span<const CommandEntry> commands();
/// Null if there is none of this name.
const CommandEntry* find_command(std::string_view name);

}  // namespace incipit::cli
