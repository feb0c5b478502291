#include "hub/snippets.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <exception>

#include <nlohmann/json.hpp>

namespace incipit {
namespace {

struct Row {
  std::string_view id;
  double rating = 0;
  std::string_view text;
};

/// nlohmann's serialiser refuses what is not UTF-8, which spares a decoder of our own.
bool is_utf8(std::string_view text) {
  try {
    return !nlohmann::json(text).dump().empty();
  } catch (const std::exception&) {
    return false;
  }
}

bool is_clean(std::string_view field) {
  return !field.empty() &&
         std::ranges::none_of(field, [](char c) { return static_cast<unsigned char>(c) < 0x20; }) &&
         is_utf8(field);
}

Result<Row> read_row(std::string_view line) {
  const std::size_t first = line.find('\t');
  const std::size_t second = first == std::string_view::npos ? first : line.find('\t', first + 1);
  if (second == std::string_view::npos) return fail("needs three fields: id, rating, text");
  const std::string_view rating = line.substr(first + 1, second - first - 1);
  Row row{.id = line.substr(0, first), .text = line.substr(second + 1)};
  const auto [end, error] = std::from_chars(rating.data(), rating.data() + rating.size(), row.rating);
  if (error != std::errc{} || end != rating.data() + rating.size() || !std::isfinite(row.rating))
    return fail("the second field is not a number");
  if (!is_clean(row.id) || !is_clean(row.text))
    return fail("id and text must be non-empty UTF-8 without control characters");
  return row;
}

void add(const Row& row, Snippets& snippets) {
  ++snippets.counts.rows;
  if (row.rating == 0) {
    ++snippets.counts.dropped;
    return;
  }
  ++(row.rating > 0 ? snippets.counts.positive : snippets.counts.negative);
  snippets.tsv.append(row.id).append("\t").append(row.text);
  snippets.tsv.append(row.rating > 0 ? "\tpositive\n" : "\tnegative\n");
}

}  // namespace

Result<Snippets> convert_rated_snippets(std::string_view content, std::string_view name) {
  Snippets snippets{.tsv = "id\ttext\tlabel\n", .counts = {}};
  for (std::int64_t number = 1; !content.empty(); ++number) {
    const std::size_t end = std::min(content.find('\n'), content.size());
    std::string_view line = content.substr(0, end);
    content.remove_prefix(std::min(end + 1, content.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    Result<Row> row = read_row(line);
    if (!row) return fail("{}:{}: {}", name, number, row.error().message);
    add(*row, snippets);
  }
  return snippets;
}

}  // namespace incipit
