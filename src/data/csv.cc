#include "data/csv.h"

#include <utility>

namespace incipit {
namespace {

constexpr std::size_t kLongestRow = 64 << 20;  // in bytes; a longer one has lost a quote

class CsvRecords : public RecordReader {
 public:
  explicit CsvRecords(LineReader lines) : lines_(std::move(lines)) {}

  Result<bool> next(Record& record) override {
    INCIPIT_TRY(const bool more, lines_.next());
    if (!more) return false;
    record.line = lines_.line();
    record.problem.clear();
    record.cells.clear();
    rest_ = lines_.text();
    for (;;) {
      INCIPIT_CHECK(read_cell(record));
      if (!record.problem.empty() || rest_.empty()) return true;
      rest_.remove_prefix(1);  // the comma, after which there is one more cell, if an empty one
    }
  }

  const LineReader& lines() const override { return lines_; }

 private:
  /// Reads up to the next comma or the end of the row.
  Status read_cell(Record& record) {
    std::string& cell = record.cells.emplace_back();
    if (!rest_.starts_with('"')) {
      const std::string_view plain = rest_.substr(0, rest_.find(','));
      if (plain.find('"') != std::string_view::npos) record.problem = "a quote in a cell without quotes";
      cell = plain;
      rest_.remove_prefix(plain.size());
      return {};
    }
    const std::int64_t opened = lines_.line();
    INCIPIT_CHECK(read_quoted(cell));
    if (rest_.empty() || rest_.starts_with(',')) return {};
    if (lines_.line() != opened)
      return fail(
          "{}: line {}: the quote opened here closes inside of line {}; a quote within a cell is doubled",
          lines_.name(), opened, lines_.line());
    record.problem = "text after a closing quote";
    return {};
  }

  Status read_quoted(std::string& cell) {
    const std::int64_t opened = lines_.line();
    rest_.remove_prefix(1);
    for (;;) {
      const std::size_t quote = rest_.find('"');
      cell += rest_.substr(0, quote);
      if (quote != std::string_view::npos) {
        rest_.remove_prefix(quote + 1);
        if (!rest_.starts_with('"')) return {};
        cell += '"';
        rest_.remove_prefix(1);
        continue;
      }
      cell += lines_.terminator();
      if (cell.size() > kLongestRow)
        return fail("{}: line {}: the quote opened here does not close within {} MiB", lines_.name(), opened,
                    kLongestRow >> 20);
      INCIPIT_TRY(const bool more, lines_.next());
      if (!more) return fail("{}: line {}: the quote opened here never closes", lines_.name(), opened);
      rest_ = lines_.text();
    }
  }

  LineReader lines_;
  std::string_view rest_;  // of the current line
};

}  // namespace

std::unique_ptr<RecordReader> read_csv(LineReader lines) {
  return std::make_unique<CsvRecords>(std::move(lines));
}

}  // namespace incipit
