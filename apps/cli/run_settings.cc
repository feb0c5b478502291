#include "run_settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace incipit::cli {

std::vector<std::pair<std::string, std::string>> run_settings(const CommandLine& line,
                                                              const ExperimentRun& run) {
  std::vector<std::pair<std::string, std::string>> settings;
  for (const FlagValue& flag : line.values())
    if (flag.name == "template")
      settings.emplace_back(flag.name, run.options.template_text);  // not the name of its file
    else if (flag.name == "precision")
      settings.emplace_back(flag.name, name_of(run.precision));  // auto is another elsewhere
    else if (flag.name != "seed")
      settings.emplace_back(flag.name, fmt::format("{}", fmt::join(flag.values, " ")));
  return settings;
}

}  // namespace incipit::cli
