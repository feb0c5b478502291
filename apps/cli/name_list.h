#pragma once

#include <string>
#include <vector>

namespace incipit::cli {

/// "a, b, c", after a dozen "and 7 more"; "none" for none.
std::string name_list(const std::vector<std::string>& names);

}  // namespace incipit::cli
