#include "tensor/transpose.h"

#include <algorithm>
#include <cstdint>

#include "base/parallel.h"

namespace incipit {

Matrix transposed(const Matrix& source) {
  // Columns by the cache line: what is read is used up at once, and few enough rows are written at a time
  // that their lines stay in the cache until they are full.
  constexpr std::int64_t kTile = 16;             // floats of a cache line
  constexpr std::int64_t kPerThread = 64 << 10;  // numbers that are worth waking a thread for
  const std::int64_t rows = source.rows(), cols = source.cols();
  Matrix result;
  result.resize(cols, rows);
  const std::int64_t grain = kPerThread / (kTile * std::max<std::int64_t>(rows, 1)) + 1;
  parallel_for((cols + kTile - 1) / kTile, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t tile = begin; tile < end; ++tile)
      for (std::int64_t r = 0; r < rows; ++r)
        for (std::int64_t c = tile * kTile; c < std::min((tile + 1) * kTile, cols); ++c)
          result.row(c)[r] = source.row(r)[c];
  });
  return result;
}

}  // namespace incipit
