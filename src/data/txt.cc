#include "data/txt.h"

#include <utility>

namespace incipit {
namespace {

class TextRows : public RowSource {
 public:
  explicit TextRows(LineReader lines) : lines_(std::move(lines)) {}

  Result<bool> next(SourceRow& row) override {
    INCIPIT_TRY(const bool more, lines_.next());
    if (!more) return false;
    row.line = lines_.line();
    row.problem = lines_.text().empty() ? "blank" : "";
    row.text_a = lines_.text();
    return true;
  }

  const std::string& name() const override { return lines_.name(); }
  std::vector<std::string> warnings() const override { return lines_.warnings(); }

 private:
  LineReader lines_;
};

}  // namespace

std::unique_ptr<RowSource> read_txt(LineReader lines) {
  return std::make_unique<TextRows>(std::move(lines));
}

}  // namespace incipit
