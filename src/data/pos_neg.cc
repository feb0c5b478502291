#include "data/pos_neg.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "data/example_source.h"
#include "data/text_encoding.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_with(const fs::path& folder, std::string_view extension) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    if (entry->path().extension() == extension) files.push_back(entry->path());
  std::sort(files.begin(), files.end());
  return files;
}

struct LabelledFile {
  fs::path path;
  std::string label;
};

class PosNegReader : public ExampleReader {
 public:
  explicit PosNegReader(std::vector<LabelledFile> files) : files_(std::move(files)) {}

  Result<std::optional<Row>> next() override {
    for (; file_ < files_.size(); ++file_) {
      if (!reader_) {
        INCIPIT_TRY(reader_, open_text_lines(files_[file_].path));
      }
      INCIPIT_TRY(std::optional<Row> row, reader_->next());
      if (row) {
        row->label = files_[file_].label;
        row->example.id = std::to_string(examples_++);
        return row;
      }
      for (std::string& line : reader_->warnings()) warnings_.push_back(std::move(line));
      reader_.reset();
    }
    return std::nullopt;
  }

  std::vector<std::string> warnings() const override {
    std::vector<std::string> lines = warnings_;
    if (reader_)
      for (std::string& line : reader_->warnings()) lines.push_back(std::move(line));
    return lines;
  }

 private:
  std::vector<LabelledFile> files_;
  std::size_t file_ = 0;
  std::unique_ptr<ExampleReader> reader_;  // of files_[file_], once begun
  std::int64_t examples_ = 0;
  std::vector<std::string> warnings_;  // of the files before
};

}  // namespace

bool is_pos_neg_folder(const fs::path& folder) {
  return !files_with(folder, ".pos").empty() || !files_with(folder, ".neg").empty();
}

Result<std::unique_ptr<ExampleReader>> open_pos_neg(const fs::path& folder, const DataOptions& options) {
  std::vector<LabelledFile> files;
  for (const auto& [extension, label] : {std::pair{".pos", "positive"}, std::pair{".neg", "negative"}}) {
    const std::vector<fs::path> found = files_with(folder, extension);
    if (found.empty())
      return fail("{}: has no {} file; a folder of this kind needs .pos and .neg", folder.string(),
                  extension);
    if (!options.labels.empty() &&
        std::find(options.labels.begin(), options.labels.end(), label) == options.labels.end())
      return fail("{}: label {} of its {} files is none of {}", folder.string(), in_quotes(label), extension,
                  list_in_quotes(options.labels));
    for (const fs::path& path : found) files.push_back({path, label});
  }
  return std::make_unique<PosNegReader>(std::move(files));
}

}  // namespace incipit
