#include "data/table.h"

#include <utility>

#include "data/text_encoding.h"

namespace incipit {
namespace {

class TableRows : public RowSource {
 public:
  TableRows(std::unique_ptr<RecordReader> records, ColumnIndices columns, Record first)
      : records_(std::move(records)),
        columns_(columns),
        record_(std::move(first)),
        width_(record_.cells.size()),
        has_pending_(!columns.header) {}

  Result<bool> next(SourceRow& row) override {
    if (!std::exchange(has_pending_, false)) {
      INCIPIT_TRY(const bool more, records_->next(record_));
      if (!more) return false;
    }
    row.line = record_.line;
    row.problem = std::move(record_.problem);
    if (row.problem.empty() && record_.cells.size() != width_)
      row.problem = is_blank() ? "blank" : fmt::format("not {} columns", width_);
    if (row.problem.empty()) take_cells(row);
    return true;
  }

  const std::string& name() const override { return records_->lines().name(); }

  std::vector<std::string> warnings() const override {
    std::vector<std::string> lines = records_->lines().warnings();
    if (!columns_.header)
      lines.push_back(fmt::format("{}: no header was recognised, line 1 is read as data", name()));
    return lines;
  }

 private:
  bool is_blank() const { return record_.cells.size() == 1 && record_.cells.front().empty(); }

  void take_cells(SourceRow& row) {
    // Copies: a cell may be wanted twice, as text and as id.
    row.text_a = record_.cells[columns_.text];
    row.text_b = cell(columns_.text_pair);
    row.id = cell(columns_.id);
    row.label = cell(columns_.label);
    if (row.label && row.label->empty()) row.label.reset();
  }

  std::optional<std::string> cell(std::optional<std::size_t> column) const {
    if (!column) return std::nullopt;
    return record_.cells[*column];
  }

  std::unique_ptr<RecordReader> records_;
  ColumnIndices columns_;
  Record record_;
  std::size_t width_;
  bool has_pending_;  // record_ is a row that was not handed out yet
};

}  // namespace

Result<std::unique_ptr<RowSource>> open_table(std::unique_ptr<RecordReader> records,
                                              const DataOptions& options) {
  const std::string& name = records->lines().name();
  Record first;
  INCIPIT_TRY(const bool has_first, records->next(first));
  if (!has_first) return fail("{}: is empty; a line with the columns' names is needed", name);
  if (!first.problem.empty()) return fail("{}: line {}: is no header: {}", name, first.line, first.problem);
  INCIPIT_TRY(const ColumnIndices columns, find_columns(first.cells, options, ColumnNaming::columns, name));
  return std::make_unique<TableRows>(std::move(records), columns, std::move(first));
}

}  // namespace incipit
