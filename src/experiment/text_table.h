#pragma once

#include <span>
#include <string>
#include <vector>

namespace incipit {

/// A table for a terminal: lines of cells, as many in each; those of the first `left` columns are set to the
/// left, the others, figures, to the right. No blanks at the end of a line.
std::string text_table(std::span<const std::vector<std::string>> lines, std::size_t left);

}  // namespace incipit
