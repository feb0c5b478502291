#pragma once

#include "tensor/matrix.h"

namespace incipit {

/// [cols, rows], of a matrix [rows, cols].
Matrix transposed(const Matrix& source);

}  // namespace incipit
