#include "tune/movement.h"

#include <cmath>

namespace incipit {
namespace {

Matrix rows_of(const PromptMethod& prompt, std::int64_t hidden) {
  Matrix rows(prompt.rows(), hidden);
  prompt.emit(rows.view());
  return rows;
}

}  // namespace

Movement::Movement(const PromptMethod& start, std::int64_t hidden_size)
    : start_(rows_of(start, hidden_size)) {}

std::vector<double> Movement::distances(const PromptMethod& now) const {
  const Matrix rows = rows_of(now, start_.cols());
  std::vector<double> distances;
  for (std::int64_t i = 0; i < rows.rows(); ++i) {
    double sum = 0;
    for (std::int64_t j = 0; j < rows.cols(); ++j) {
      const double step = static_cast<double>(rows.row(i)[j]) - static_cast<double>(start_.row(i)[j]);
      sum += step * step;
    }
    distances.push_back(std::sqrt(sum));
  }
  return distances;
}

}  // namespace incipit
