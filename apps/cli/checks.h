#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace incipit::cli {

/// What a flag's value must be. A wrong one is refused with a message that says what would be right.
CLI::Validator one_of(std::vector<std::string> allowed);
/// Decimal digits only.
CLI::Validator whole_number(std::int64_t low, std::int64_t high = std::numeric_limits<std::int64_t>::max());
CLI::Validator seed_number();
CLI::Validator real_number(double low, double high = std::numeric_limits<double>::infinity());
CLI::Validator not_empty();

}  // namespace incipit::cli
