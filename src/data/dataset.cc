#include "incipit/dataset.h"

#include <utility>

#include <fmt/ranges.h>

#include "data/example_source.h"
#include "data/label_names.h"
#include "data/pos_neg.h"
#include "data/split.h"
#include "data/split_folder.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

/// A reader of everything in the files, and what is done with that.
struct OpenData {
  std::unique_ptr<ExampleReader> reader;
  std::optional<Part> part;  // none: all
  std::string name;
  Preparer preparer{Preparation()};

  /// Prepares an example, and says whether it is wanted. Takes all of them, so that all parts agree on what
  /// the first word of the data is.
  bool take(Example& example, std::uint64_t split_seed) {
    const bool wanted = !part || part_of(example, split_seed) == *part;
    preparer.apply(example);
    return wanted;
  }
};

Result<OpenData> with_part(std::unique_ptr<ExampleReader> reader, std::string name,
                           const DataOptions& options) {
  OpenData data{std::move(reader), std::nullopt, std::move(name), Preparer(options.preparation)};
  if (options.split.empty()) return data;
  data.part = part_by_name(options.split);
  if (!data.part)
    return fail("{}: --split {}: data without splits has train, validation and test", data.name,
                options.split);
  return data;
}

Result<OpenData> open_folder(const fs::path& folder, const DataOptions& options) {
  INCIPIT_TRY(const std::optional<fs::path> file, find_split(folder, options.split));
  if (file) {
    INCIPIT_TRY(std::unique_ptr<ExampleReader> reader, open_example_file(*file, options));
    return OpenData{std::move(reader), std::nullopt, file->string(), Preparer(options.preparation)};
  }
  const std::vector<std::string> splits = list_splits(folder);
  if (!splits.empty()) {
    if (options.split.empty())
      return fail("{}: holds splits; choose one of {} by --split", folder.string(), fmt::join(splits, ", "));
    return fail("{}: has no file for the split {} (looked for {}), only {}", folder.string(), options.split,
                fmt::join(split_aliases(options.split), ", "), fmt::join(splits, ", "));
  }
  if (is_pos_neg_folder(folder)) {
    INCIPIT_TRY(std::unique_ptr<ExampleReader> reader, open_pos_neg(folder, options));
    return with_part(std::move(reader), folder.string(), options);
  }
  return fail(
      "{}: has no data; looked for train, validation (dev, valid, val) and test with {}, and for .pos and "
      ".neg",
      folder.string(), fmt::join(kDataExtensions, " "));
}

Result<OpenData> open_data(const fs::path& path, const DataOptions& options) {
  if (path == "-") {
    INCIPIT_TRY(std::unique_ptr<ExampleReader> reader, open_standard_input(options));
    return with_part(std::move(reader), "standard input", options);
  }
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) return fail("{}: no such file or folder", path.string());
  if (error) return fail("{}: {}", path.string(), error.message());
  if (fs::is_directory(status)) return open_folder(path, options);
  INCIPIT_TRY(std::unique_ptr<ExampleReader> reader, open_example_file(path, options));
  return with_part(std::move(reader), path.string(), options);
}

tl::unexpected<Error> empty_part(const std::string& name, const DataOptions& options) {
  return fail("{}: holds no example in its part {}; give more data or another seed", name, options.split);
}

std::vector<std::string> all_warnings(const OpenData& data) {
  std::vector<std::string> lines = data.reader->warnings();
  for (const std::string& line : data.preparer.warnings())
    lines.push_back(fmt::format("{}: {}", data.name, line));
  return lines;
}

/// Passes on the wanted examples, prepared.
class TakingReader : public ExampleReader {
 public:
  TakingReader(OpenData data, DataOptions options) : data_(std::move(data)), options_(std::move(options)) {}

  Result<std::optional<Row>> next() override {
    for (;;) {
      INCIPIT_TRY(std::optional<Row> row, data_.reader->next());
      if (!row && !found_) return empty_part(data_.name, options_);
      if (!row) return row;
      if (!data_.take(row->example, options_.split_seed)) continue;
      found_ = true;
      return row;
    }
  }

  std::vector<std::string> warnings() const override { return all_warnings(data_); }

 private:
  OpenData data_;
  DataOptions options_;
  bool found_ = false;
};

}  // namespace

Result<std::unique_ptr<ExampleReader>> open_examples(const fs::path& path, const DataOptions& options) {
  INCIPIT_TRY(OpenData data, open_data(path, options));
  if (!data.part && options.preparation.kind == Preparation::Kind::none) return std::move(data.reader);
  return std::make_unique<TakingReader>(std::move(data), options);
}

Result<Dataset> read_dataset(const fs::path& path, const DataOptions& options) {
  constexpr std::size_t kMostLabels = 10'000;  // more is a column of texts or ids
  INCIPIT_TRY(OpenData data, open_data(path, options));
  LabelNames labels(options.labels);
  Dataset dataset;
  for (;;) {
    INCIPIT_TRY(std::optional<ExampleReader::Row> row, data.reader->next());
    if (!row) break;
    // Of rows outside of the part, too, so that all parts have the same labels.
    if (row->label) row->example.label = labels.number(*row->label);
    if (options.labels.empty() && labels.names().size() > kMostLabels)
      return fail("{}: has more than {} different labels; name the right column by --label", data.name,
                  kMostLabels);
    if (!data.take(row->example, options.split_seed)) continue;
    dataset.examples.push_back(std::move(row->example));
  }
  if (dataset.examples.empty()) return empty_part(data.name, options);
  if (options.labels.empty()) {
    const std::vector<int> becomes = labels.sort();
    for (Example& example : dataset.examples)
      if (example.label >= 0) example.label = becomes[static_cast<std::size_t>(example.label)];
  }
  dataset.labels = labels.names();
  dataset.warnings = all_warnings(data);
  dataset.preparation = data.preparer.preparation();
  dataset.longest_prepared = data.preparer.longest();
  return dataset;
}

bool has_split(const fs::path& path, std::string_view split) {
  const Result<std::optional<fs::path>> file = find_split(path, split);
  return !file || file->has_value();
}

}  // namespace incipit
