#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "incipit/dataset.h"

#include "data/columns.h"
#include "data/line_reader.h"
#include "data/row_source.h"

namespace incipit {

/// The cells of one row of a TSV or CSV file.
struct Record {
  std::int64_t line = 0;
  std::vector<std::string> cells;
  std::string problem;  // see SourceRow
};

class RecordReader {
 public:
  virtual ~RecordReader() = default;
  /// Overwrites `record`; false at the end.
  virtual Result<bool> next(Record& record) = 0;
  virtual const LineReader& lines() const = 0;
};

/// Rows of a table; reads its first line for the columns.
Result<std::unique_ptr<RowSource>> open_table(std::unique_ptr<RecordReader> records,
                                              const DataOptions& options);

}  // namespace incipit
