#include "batch_view.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace incipit::cli {
namespace {

constexpr std::size_t kEdge = 3;  // rows and columns at each end

std::string row_view(const std::vector<std::int32_t>& ids, std::size_t width) {
  std::string text;
  for (std::size_t column = 0; column < width; ++column) {
    if (column == kEdge && width > 2 * kEdge) {
      text += "   ...";
      column = width - kEdge;
    }
    text += column < ids.size() ? fmt::format("{:>6}", ids[column]) : fmt::format("{:>6}", "-");
  }
  return text;
}

}  // namespace

std::vector<std::string> first_batch_view(const std::vector<std::vector<std::int32_t>>& ids) {
  std::size_t width = 0, tokens = 0;
  for (const auto& row : ids) {
    width = std::max(width, row.size());
    tokens += row.size();
  }
  std::vector<std::string> lines;
  lines.push_back(fmt::format("first batch: [{}, {}] if it were padded, of which {} are tokens", ids.size(),
                              width, tokens));
  for (std::size_t row = 0; row < ids.size(); ++row) {
    if (row == kEdge && ids.size() > 2 * kEdge) {
      lines.emplace_back("  ...");
      row = ids.size() - kEdge;
    }
    lines.push_back("  [" + row_view(ids[row], width) + " ]");
  }
  return lines;
}

std::string example_view(const Example& example, const std::vector<std::string>& labels) {
  constexpr std::size_t kLongest = 300;
  const auto cut = [](const std::string& text) {
    return text.size() <= kLongest ? text : text.substr(0, kLongest) + "…";
  };
  nlohmann::ordered_json json;
  json["id"] = example.id;
  json["text_a"] = cut(example.text_a);
  if (example.text_b) json["text_b"] = cut(*example.text_b);
  if (example.label >= 0) json["label"] = labels[static_cast<std::size_t>(example.label)];
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::ignore);
}

}  // namespace incipit::cli
