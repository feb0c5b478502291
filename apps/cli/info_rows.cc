#include "info_rows.h"

#include <fmt/format.h>

#include "console.h"
#include "numbers.h"

namespace incipit::cli {

std::string info_row(std::string_view name, std::string_view value) {
  return fmt::format("{:<22} {}\n", name, one_line(value));
}

std::string info_row(std::string_view name, std::int64_t value) {
  return info_row(name, with_thousands(value));
}

std::string info_json(const nlohmann::ordered_json& json) {
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

}  // namespace incipit::cli
