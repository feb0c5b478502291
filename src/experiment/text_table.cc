#include "experiment/text_table.h"

#include <algorithm>

#include "base/text_width.h"

namespace incipit {

std::string text_table(std::span<const std::vector<std::string>> lines, std::size_t left) {
  std::vector<std::size_t> widths(lines.empty() ? 0 : lines.front().size());
  for (const std::vector<std::string>& line : lines)
    for (std::size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], display_width(line[i]));
  std::string out;
  for (const std::vector<std::string>& line : lines) {
    std::string text;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      if (i > 0) text += "  ";
      text += i < left ? pad_right(line[i], widths[i]) : pad_left(line[i], widths[i]);
    }
    out += text.substr(0, text.find_last_not_of(' ') + 1) + '\n';
  }
  return out;
}

}  // namespace incipit
