#pragma once

#include <cstdint>
#include <limits>

namespace incipit {

/// log Σ exp of a row whose values come in blocks: the largest so far, and Σ exp(value - largest).
struct LogSum {
  float largest = -std::numeric_limits<float>::infinity();
  double sum = 0;

  double value() const;
};

/// Takes a block of every row in. values: [rows, width], contiguous; sums: [rows].
void add_to_log_sums(const float* values, std::int64_t rows, std::int64_t width, LogSum* sums);

/// In place: values become scale * exp(value - log_sum), the softmax's part of a gradient. log_sums, scales:
/// [rows].
void scaled_softmax(float* values, std::int64_t rows, std::int64_t width, const float* log_sums,
                    const float* scales);

}  // namespace incipit
