#include "tensor/transpose.h"

#include <algorithm>
#include <cstdint>

#include "base/parallel.h"

namespace incipit {
namespace {

constexpr std::int64_t kTile = 16;  // columns: a cache line of a row, and as many lines that are written to
constexpr std::int64_t kNumbersPerThread = std::int64_t{1} << 16;  // fewer are moved before a thread wakes

}  // namespace

Matrix transposed(const Matrix& source) {
  const std::int64_t rows = source.rows(), cols = source.cols();
  Matrix result;
  result.resize(cols, rows);
  const std::int64_t grain = kNumbersPerThread / (kTile * std::max<std::int64_t>(rows, 1)) + 1;  // tiles
  parallel_for((cols + kTile - 1) / kTile, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t tile = begin; tile < end; ++tile)
      for (std::int64_t r = 0; r < rows; ++r)
        for (std::int64_t c = tile * kTile; c < std::min((tile + 1) * kTile, cols); ++c)
          result.row(c)[r] = source.row(r)[c];
  });
  return result;
}

}  // namespace incipit
