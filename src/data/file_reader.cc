#include "data/file_reader.h"

#include <algorithm>
#include <utility>

#include <fmt/ranges.h>

#include "data/text_encoding.h"

namespace incipit {

FileReader::FileReader(std::unique_ptr<RowSource> source, const DataOptions& options)
    : source_(std::move(source)), labels_(options.labels), labels_required_(options.labels_required) {}

Result<std::optional<ExampleReader::Row>> FileReader::next() {
  for (;;) {
    INCIPIT_TRY(const bool more, source_->next(row_));
    if (!more) {
      INCIPIT_CHECK(check_not_empty());
      return std::nullopt;
    }
    const std::int64_t number = rows_++;
    if (row_.problem.empty() && labels_required_ && !row_.label) row_.problem = "no label";
    if (!row_.problem.empty()) {
      bad_rows_.add("passed over: " + row_.problem, row_.line);
      continue;
    }
    INCIPIT_CHECK(check_label(row_));
    Row row;
    row.example.id = row_.id && !row_.id->empty() ? std::move(*row_.id) : std::to_string(number);
    row.example.text_a = std::move(row_.text_a);
    row.example.text_b = std::move(row_.text_b);
    row.label = std::move(row_.label);
    return row;
  }
}

Status FileReader::check_label(const SourceRow& row) const {
  if (!row.label || labels_.empty() || std::find(labels_.begin(), labels_.end(), *row.label) != labels_.end())
    return {};
  return fail("{}: line {}: label {} is none of {}", source_->name(), row.line, in_quotes(*row.label),
              list_in_quotes(labels_));
}

Status FileReader::check_not_empty() const {
  if (bad_rows_.total() < rows_) return {};
  if (rows_ == 0) return fail("{}: holds no example", source_->name());
  return fail("{}: holds no good row: {}", source_->name(), fmt::join(bad_rows_.summary(), "; "));
}

std::vector<std::string> FileReader::warnings() const {
  std::vector<std::string> lines = source_->warnings();
  for (const std::string& line : bad_rows_.summary())
    lines.push_back(fmt::format("{}: {}", source_->name(), line));
  return lines;
}

}  // namespace incipit
