#pragma once

#include <memory>

#include "data/line_reader.h"
#include "data/row_source.h"

namespace incipit {

/// A text a line, without labels.
std::unique_ptr<RowSource> read_txt(LineReader lines);

}  // namespace incipit
