#include "data/example_source.h"

#include <string>
#include <utility>

#include <fmt/ranges.h>

#include "data/csv.h"
#include "data/file_reader.h"
#include "data/jsonl.h"
#include "data/table.h"
#include "data/tsv.h"
#include "data/txt.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

std::string extension_of(const fs::path& path) {
  std::string extension = path.extension().string();
  for (char& c : extension)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return extension;
}

Status check_labels_not_needed(const std::string& name, const DataOptions& options) {
  if (!options.labels_required) return {};
  return fail(
      "{}: a text a line has no labels; give a .tsv, .csv or .jsonl file or a folder of .pos/.neg files",
      name);
}

Result<std::unique_ptr<RowSource>> open_rows(const fs::path& path, const DataOptions& options) {
  const std::string extension = extension_of(path);
  if (extension == ".pos" || extension == ".neg")
    return fail("{}: is one class of two; give the folder that holds the .pos and .neg files", path.string());
  bool known = false;
  for (const std::string_view candidate : kDataExtensions) known |= extension == candidate;
  if (!known)
    return fail("{}: is none of the known kinds, {}", path.string(), fmt::join(kDataExtensions, " "));

  INCIPIT_TRY(LineReader lines, LineReader::open(path));
  if (extension == ".tsv") return open_table(read_tsv(std::move(lines)), options);
  if (extension == ".csv") return open_table(read_csv(std::move(lines)), options);
  if (extension == ".txt") {
    INCIPIT_CHECK(check_labels_not_needed(path.string(), options));
    return read_txt(std::move(lines));
  }
  return read_jsonl(std::move(lines), options);
}

}  // namespace

Result<std::unique_ptr<ExampleReader>> open_example_file(const fs::path& path, const DataOptions& options) {
  INCIPIT_TRY(std::unique_ptr<RowSource> rows, open_rows(path, options));
  return std::make_unique<FileReader>(std::move(rows), options);
}

Result<std::unique_ptr<ExampleReader>> open_text_lines(const fs::path& path) {
  INCIPIT_TRY(LineReader lines, LineReader::open(path));
  DataOptions unlabelled;
  unlabelled.labels_required = false;
  return std::make_unique<FileReader>(read_txt(std::move(lines)), unlabelled);
}

Result<std::unique_ptr<ExampleReader>> open_standard_input(const DataOptions& options) {
  LineReader lines = LineReader::standard_input();
  INCIPIT_TRY(const std::optional<char> first, lines.peek());
  if (first == '{') return std::make_unique<FileReader>(read_jsonl(std::move(lines), options), options);
  INCIPIT_CHECK(check_labels_not_needed(lines.name(), options));
  return std::make_unique<FileReader>(read_txt(std::move(lines)), options);
}

}  // namespace incipit
