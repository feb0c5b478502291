#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "formats/tensor_values.h"
#include "fuzz_check.h"

namespace incipit {

/// Reads the tensor's values from a copy of its bytes, so that the sanitizer sees a read beyond them.
inline void require_values(StoredTensor tensor) {
  // Of shapes with a 0 nothing is read; see TensorStore.
  const std::int64_t columns = tensor.shape.empty() ? 1 : tensor.shape.back();
  if (columns == 0) return;
  const std::int64_t rows = tensor.element_count() / columns;
  const std::vector<std::byte> copy(tensor.bytes.begin(), tensor.bytes.end());
  tensor.bytes = copy;
  const auto values = read_values(tensor, rows, columns, "x");
  require_one_line(values);
  if (!values) return;
  require(values->rows() == rows && values->cols() == columns, "values have the tensor's shape");
  require(std::ranges::all_of(values->values(), [](float value) { return std::isfinite(value); }),
          "values are finite");
}

}  // namespace incipit
