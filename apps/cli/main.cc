#include <csignal>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "commands.h"
#include "console.h"
#include "patient_threads.h"
#include "suggest.h"

namespace incipit::cli {
namespace {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;

std::string overview() {
  std::string page =
      "Incipit: prompt tuning on frozen BERT and RoBERTa models, on the CPU\n"
      "Usage: incipit COMMAND [OPTIONS]\n\nCommands:\n";
  for (const CommandEntry& command : commands())
    page += fmt::format("  {:<10} {}\n", command.name, command.about);
  page +=
      "  help       Show a command's flags: incipit help train\n\n"
      "Results go to standard output, messages and progress to standard error.\n"
      "Exit codes: 0 done, 1 failed, 2 wrong usage, 130 ended by Ctrl-C.\n";
  return page;
}

int finish(const Status& status) {
  if (status) return kDone;
  print_error(status.error().message);
  return kFailed;
}

int refuse(std::string_view message, std::string_view help) {
  print_error(fmt::format("{} (see `incipit {}`)", one_line(message), help));
  return kWrongUsage;
}

int run_command(const CommandEntry& entry, std::vector<std::string> arguments) {
  CommandLine line(entry.name, entry.about);
  const std::unique_ptr<Command> command = entry.make();
  command->declare(line);
  try {
    line.parse(std::move(arguments));
    const Result<int> code = command->run(line);
    if (code) return *code;
    return finish(tl::unexpected(code.error()));
  } catch (const CLI::CallForHelp&) {
    return finish(print_result(line.help()));
  } catch (const CLI::ParseError& error) {
    return refuse(describe(error), fmt::format("help {}", entry.name));
  }
}

int dispatch(std::vector<std::string> arguments) {
  if (arguments.empty()) return refuse("a command is missing", "help");
  std::string name = arguments.front();
  arguments.erase(arguments.begin());
  if (name == "--version") return finish(print_result("incipit " INCIPIT_VERSION "\n"));
  if (name == "help" || name == "--help" || name == "-h") {
    if (arguments.empty()) return finish(print_result(overview()));
    name = arguments.front();
    arguments = {"--help"};
  }
  if (const CommandEntry* entry = find_command(name)) return run_command(*entry, std::move(arguments));
  std::vector<std::string> known;
  for (const CommandEntry& command : commands()) known.emplace_back(command.name);
  return refuse(fmt::format("'{}' is not a command{}", name, did_you_mean(name, known)), "help");
}

/// The last resort: whatever a library throws becomes one line.
int guarded(int argc, char** argv) {
  try {
    return dispatch(std::vector<std::string>(argv + std::min(argc, 1), argv + argc));
  } catch (const std::bad_alloc&) {
    print_error("out of memory; a smaller --batch-size, --max-batch-tokens or --limit needs less");
  } catch (const std::exception& error) {
    print_error(error.what());
  } catch (...) {
    print_error("unknown failure");
  }
  return kFailed;
}

}  // namespace
}  // namespace incipit::cli

int main(int argc, char** argv) {
  incipit::cli::wait_patiently(argv);
  std::signal(SIGPIPE, SIG_IGN);  // a write that fails is enough
  return incipit::cli::guarded(argc, argv);
}
