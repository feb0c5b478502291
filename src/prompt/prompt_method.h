#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "tensor/matrix.h"
#include "tensor/parameter.h"

namespace incipit {

/// What a soft prompt says: it makes the rows that stand as virtual tokens, from parameters that are trained.
/// Where the rows stand is the Template's concern.
class PromptMethod {
 public:
  virtual ~PromptMethod() = default;

  /// Rows that it emits.
  virtual std::int64_t rows() const = 0;
  /// Writes them. destination: [rows(), hidden]
  virtual void emit(MatrixView destination) const = 0;
  /// Adds to the parameters' gradients, given the gradient by the rows. d_rows: [rows(), hidden]
  virtual void absorb(ConstMatrixView d_rows) = 0;
  virtual std::vector<Parameter*> parameters() = 0;
  virtual std::vector<const Parameter*> parameters() const = 0;
  virtual std::unique_ptr<PromptMethod> clone() const = 0;
};

}  // namespace incipit
