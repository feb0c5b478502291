#pragma once

#include <optional>
#include <span>
#include <string>

#include "incipit/dataset.h"
#include "incipit/result.h"

namespace incipit {

/// Indices into a file's columns.
struct ColumnIndices {
  std::size_t text = 0;
  std::optional<std::size_t> text_pair, label, id;
  /// Whether the cells it was found by are names, not the first row of data.
  bool header = true;
};

/// How columns may be named.
enum class ColumnNaming {
  fields,   // of JSON: by name only
  columns,  // by name, or by number from 1
};

/// Finds the columns that matter in a file's first line (or a JSON object's field names). Columns the user
/// names must be there; the others are found by their usual names. Naming `text` says that texts come alone
/// unless `text_pair` is named too. A file whose columns are all given by number, none of its cells a usual
/// name, has no header. Fails, listing what the file has, when a text or a needed label is not found.
Result<ColumnIndices> find_columns(std::span<const std::string> names, const DataOptions& options,
                                   ColumnNaming naming, const std::string& file);

}  // namespace incipit
