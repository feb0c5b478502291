#pragma once

#include <string>
#include <vector>

#include "incipit/train.h"

#include "command_line.h"

namespace incipit::cli {

void add_class_weights(CommandLine& line, std::string& text);

/// --class-weights: "balanced"; a weight for each label in their order ("1,2"); or by name ("positive=2").
/// Throws CLI::ParseError where it does not fit the labels.
void set_class_weights(const std::string& text, const std::vector<std::string>& labels,
                       TrainOptions& options);

}  // namespace incipit::cli
