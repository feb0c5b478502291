#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "incipit/sweep.h"

#include "command_line.h"

namespace incipit::cli {

/// Makes the flags of `incipit train` that are swept take several values; `line` has TrainFlags declared.
void sweep_flags(CommandLine& line);

/// Those that are given, with their values as one spells them (1e-2 as 0.01). First comes what decides how
/// much of the model's work can be kept from trial to trial: the layer at which the prompt joins. Throws
/// CLI::ParseError on a value that is there twice.
std::vector<SweepAxis> swept_axes(const CommandLine& line);
std::vector<std::uint64_t> swept_seeds(const CommandLine& line);

/// Whether swept_axes() or swept_seeds() reads this flag.
bool is_swept(const std::string& flag);

}  // namespace incipit::cli
