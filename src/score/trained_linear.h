#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "tensor/matrix.h"
#include "tensor/parameter.h"

namespace incipit {

/// A small affine map y = x Wᵀ + b whose weights change every step, so that nothing is packed.
class TrainedLinear {
 public:
  /// Zeros; parameters named NAME.weight [out, in] and NAME.bias [1, out], the latter [1, 0] without a bias.
  TrainedLinear(const std::string& name, std::int64_t out, std::int64_t in, bool has_bias = true);

  bool has_bias() const { return bias.value.cols() > 0; }

  std::int64_t in_features() const { return weight.value.cols(); }
  std::int64_t out_features() const { return weight.value.rows(); }
  TrainedLinear clone() const;

  /// x: [rows, in]; y becomes [rows, out].
  void forward(const Matrix& x, Matrix& y) const;
  /// dx becomes [rows, in], given dy: [rows, out].
  void backward_input(const Matrix& dy, Matrix& dx) const;
  /// Adds to the gradients of weight and bias.
  void backward_parameters(const Matrix& x, const Matrix& dy);

  Parameter weight;
  Parameter bias;

 private:
  TrainedLinear(Parameter weight_copy, Parameter bias_copy)
      : weight(std::move(weight_copy)), bias(std::move(bias_copy)) {}
};

}  // namespace incipit
