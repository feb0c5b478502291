#pragma once

#include <string>

#include "tensor/matrix.h"

namespace incipit {

/// A trained tensor with its gradient, which owners add to and the optimizer clears.
struct Parameter {
  Parameter() = default;
  Parameter(std::string parameter_name, std::int64_t rows, std::int64_t cols)
      : name(std::move(parameter_name)), value(rows, cols), gradient(rows, cols) {}

  /// Deep copies are made by name, not by accident.
  Parameter clone() const {
    Parameter copy(name, value.rows(), value.cols());
    std::copy_n(value.data(), value.size(), copy.value.data());
    return copy;
  }

  std::string name;
  Matrix value;     // [rows, cols]; a vector has one row
  Matrix gradient;  // the same shape
};

}  // namespace incipit
