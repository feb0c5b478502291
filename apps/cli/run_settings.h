#pragma once

#include <string>
#include <utility>
#include <vector>

#include "incipit/experiment.h"

#include "command_line.h"

namespace incipit::cli {

/// ExperimentRun::settings of a parsed line and the run that was made of it: all flags but the seed, as they
/// mean the same on every machine.
std::vector<std::pair<std::string, std::string>> run_settings(const CommandLine& line,
                                                              const ExperimentRun& run);

}  // namespace incipit::cli
