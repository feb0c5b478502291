#pragma once

#include <memory>

#include "data/table.h"

namespace incipit {

/// Cells between tabs, taken as they are: quotes mean nothing, as in GLUE's files.
std::unique_ptr<RecordReader> read_tsv(LineReader lines);

}  // namespace incipit
