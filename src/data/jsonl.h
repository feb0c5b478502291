#pragma once

#include <memory>

#include "incipit/dataset.h"

#include "data/line_reader.h"
#include "data/row_source.h"

namespace incipit {

/// A JSON object a line; the first says which fields are the columns. Texts are strings; labels and ids
/// strings, integers or booleans.
std::unique_ptr<RowSource> read_jsonl(LineReader lines, const DataOptions& options);

}  // namespace incipit
