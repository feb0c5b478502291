#pragma once

#include "tensor/matrix.h"

namespace incipit {

/// [cols, rows] of [rows, cols]; large ones by several threads.
Matrix transposed(const Matrix& source);

}  // namespace incipit
