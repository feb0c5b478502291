// Labelled texts: the first byte says whether TSV, CSV or JSON lines follow.
#include "data/csv.h"
#include "data/file_reader.h"
#include "data/jsonl.h"
#include "data/tsv.h"
#include "fuzz_check.h"
#include "memory_file.h"

using namespace incipit;

namespace {

Result<std::unique_ptr<RowSource>> rows(char format, LineReader lines, const DataOptions& options) {
  if (format == 'j') return read_jsonl(std::move(lines), options);
  return open_table(format == 'c' ? read_csv(std::move(lines)) : read_tsv(std::move(lines)), options);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const MemoryFile file(data + 1, size - 1);
  auto lines = LineReader::open(file.path());
  require_one_line(lines);
  if (!lines) return 0;
  const DataOptions options;
  auto source = rows(static_cast<char>(data[0]), std::move(*lines), options);
  require_one_line(source);
  if (!source) return 0;
  FileReader reader(std::move(*source), options);
  for (std::size_t count = 0;; ++count) {
    require(count <= size, "there are no more rows than bytes");
    const auto row = reader.next();
    require_one_line(row);
    if (!row || !*row) break;
    require((*row)->label.has_value(), "a row has its label");
  }
  for (const std::string& warning : reader.warnings())
    require(warning.find('\n') == std::string::npos, "a warning is one line");
  return 0;
}
