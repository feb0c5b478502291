#include "data/tsv.h"

#include <utility>

namespace incipit {
namespace {

class TsvRecords : public RecordReader {
 public:
  explicit TsvRecords(LineReader lines) : lines_(std::move(lines)) {}

  Result<bool> next(Record& record) override {
    INCIPIT_TRY(const bool more, lines_.next());
    if (!more) return false;
    record.line = lines_.line();
    record.problem.clear();
    std::size_t count = 0;
    std::string_view rest = lines_.text();
    for (;;) {
      const std::size_t tab = rest.find('\t');
      if (count == record.cells.size()) record.cells.emplace_back();
      record.cells[count++].assign(rest.substr(0, tab));  // into the last row's memory
      if (tab == std::string_view::npos) break;
      rest.remove_prefix(tab + 1);
    }
    record.cells.resize(count);
    return true;
  }

  const LineReader& lines() const override { return lines_; }

 private:
  LineReader lines_;
};

}  // namespace

std::unique_ptr<RecordReader> read_tsv(LineReader lines) {
  return std::make_unique<TsvRecords>(std::move(lines));
}

}  // namespace incipit
