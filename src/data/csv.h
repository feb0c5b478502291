#pragma once

#include <memory>

#include "data/table.h"

namespace incipit {

/// Cells between commas, quoted as RFC 4180 has it, strictly: a cell is quoted as a whole or not at all, a
/// quote inside is doubled, quoted line ends are text. A row that breaks this is bad; where it is not clear
/// at which line the next row would begin, reading fails.
std::unique_ptr<RecordReader> read_csv(LineReader lines);

}  // namespace incipit
