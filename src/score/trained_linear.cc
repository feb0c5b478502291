#include "score/trained_linear.h"

#include "base/parallel.h"
#include "ops/multiply.h"
#include "tensor/transpose.h"

namespace incipit {
namespace {

constexpr std::int64_t kRowsPerThread = 48;

}  // namespace

TrainedLinear::TrainedLinear(const std::string& name, std::int64_t out, std::int64_t in, bool has_bias)
    : weight(name + ".weight", out, in), bias(name + ".bias", 1, has_bias ? out : 0) {}

TrainedLinear TrainedLinear::clone() const {
  return {weight.clone(), bias.clone()};
}

void TrainedLinear::forward(const Matrix& x, Matrix& y) const {
  // Examples are the columns, so that the weight is read as it lies: yᵀ = W xᵀ.
  const std::int64_t rows = x.rows(), in = in_features(), out = out_features();
  const Matrix x_transposed = transposed(x);
  Matrix y_transposed;
  y_transposed.resize(out, rows);
  parallel_for(out, kRowsPerThread, [&](std::int64_t begin, std::int64_t end) {
    multiply(end - begin, rows, in, weight.value.row(begin), in, 1, x_transposed.data(), rows,
             y_transposed.row(begin), rows, false);
  });
  y.resize(rows, out);
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < out; ++j)
      y.row(i)[j] = y_transposed.row(j)[i] + (has_bias() ? bias.value.data()[j] : 0.0f);
}

void TrainedLinear::backward_input(const Matrix& dy, Matrix& dx) const {
  dx.resize(dy.rows(), in_features());
  multiply(dy.rows(), in_features(), out_features(), dy.data(), out_features(), 1, weight.value.data(),
           in_features(), dx.data(), in_features(), false);
}

void TrainedLinear::backward_parameters(const Matrix& x, const Matrix& dy) {
  const std::int64_t rows = x.rows(), in = in_features(), out = out_features();
  parallel_for(out, kRowsPerThread, [&](std::int64_t begin, std::int64_t end) {
    multiply(end - begin, in, rows, dy.data() + begin, 1, out, x.data(), in, weight.gradient.row(begin), in,
             true);
  });
  for (std::int64_t i = 0; i < rows && has_bias(); ++i)
    for (std::int64_t j = 0; j < out; ++j) bias.gradient.data()[j] += dy.row(i)[j];
}

}  // namespace incipit
