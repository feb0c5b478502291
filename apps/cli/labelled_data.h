#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "incipit/dataset.h"
#include "incipit/result.h"

namespace incipit::cli {

/// Reads texts that must have labels, as indices into `labels` where those are given. Labels that are a
/// config's placeholders (LABEL_0, …) also stand for the numbers 0, 1, …. Prints the reader's warnings; fails
/// on no texts.
Result<Dataset> read_labelled(const std::filesystem::path& path, DataOptions options,
                              const std::vector<std::string>& labels);

/// How many examples each label has, in the labels' order.
std::vector<std::int64_t> count_labels(const Dataset& data);

/// "1,000 texts: negative 480, positive 520; always answering 'positive' would be right on 0.5200".
std::string summary(const Dataset& data);

}  // namespace incipit::cli
