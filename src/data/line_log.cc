#include "data/line_log.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace incipit {

void LineLog::add(std::string_view what, std::int64_t line) {
  constexpr std::size_t kLinesNamed = 5;
  ++total_;
  auto kind = std::find_if(kinds_.begin(), kinds_.end(), [&](const Kind& k) { return k.what == what; });
  if (kind == kinds_.end()) kind = kinds_.insert(kind, Kind{std::string(what), 0, {}});
  ++kind->count;
  if (kind->first_lines.size() < kLinesNamed) kind->first_lines.push_back(line);
}

std::vector<std::string> LineLog::summary() const {
  std::vector<std::string> lines;
  for (const Kind& kind : kinds_) {
    const bool more = kind.count > static_cast<std::int64_t>(kind.first_lines.size());
    lines.push_back(fmt::format("{} {} {} ({} {}{})", kind.count, kind.count == 1 ? "row" : "rows", kind.what,
                                kind.count == 1 ? "line" : "lines", fmt::join(kind.first_lines, ", "),
                                more ? ", …" : ""));
  }
  return lines;
}

}  // namespace incipit
