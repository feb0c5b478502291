#pragma once

#include <cstdint>

namespace incipit {

/// C[rows, cols] (+)= A[rows, depth] B[depth, cols] on the calling thread, for products too small or too
/// short-lived to pack. A's element (i, p) is a[i * a_row + p * a_col], so it may be read transposed; rows of
/// B and C are contiguous, b_stride and c_stride floats apart.
void multiply(std::int64_t rows, std::int64_t cols, std::int64_t depth, const float* a, std::int64_t a_row,
              std::int64_t a_col, const float* b, std::int64_t b_stride, float* c, std::int64_t c_stride,
              bool accumulate);

}  // namespace incipit
