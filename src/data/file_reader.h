#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "incipit/dataset.h"

#include "data/line_log.h"
#include "data/row_source.h"

namespace incipit {

/// The examples of one file, whatever its format: numbers them, passes over bad rows and logs them, checks
/// labels.
class FileReader : public ExampleReader {
 public:
  /// Of `options` only the labels matter.
  FileReader(std::unique_ptr<RowSource> source, const DataOptions& options);

  /// Fails, too, on a label that is not one of the options', and at the end of a file without a single good
  /// row.
  Result<std::optional<Row>> next() override;
  std::vector<std::string> warnings() const override;

 private:
  Status check_label(const SourceRow& row) const;
  Status check_not_empty() const;

  std::unique_ptr<RowSource> source_;
  std::vector<std::string> labels_;
  bool labels_required_;
  SourceRow row_;
  std::int64_t rows_ = 0;  // bad ones included, so that an id says which row of the file it is
  LineLog bad_rows_;
};

}  // namespace incipit
