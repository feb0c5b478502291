#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "incipit/result.h"

namespace incipit {

struct SnippetCounts {
  std::int64_t rows = 0;
  std::int64_t positive = 0;
  std::int64_t negative = 0;
  std::int64_t dropped = 0;  // rated exactly 0

  bool operator==(const SnippetCounts&) const = default;
};

struct Snippets {
  std::string tsv;  // header "id\ttext\tlabel", labels "negative" and "positive"
  SnippetCounts counts;
};

/// Turns lines of "id, mean human rating, text" (tab-separated, LF or CRLF) into labelled texts: the label is
/// the rating's sign, texts stay as they are. Fails naming `name` and line on a line of another form or not
/// in UTF-8.
Result<Snippets> convert_rated_snippets(std::string_view content, std::string_view name);

}  // namespace incipit
