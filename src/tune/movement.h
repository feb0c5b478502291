#pragma once

#include <cstdint>
#include <vector>

#include "prompt/prompt_method.h"
#include "tensor/matrix.h"

namespace incipit {

/// Remembers where a prompt's rows started.
class Movement {
 public:
  Movement(const PromptMethod& start, std::int64_t hidden_size);

  /// [rows] Euclidean distance of each row from its start.
  std::vector<double> distances(const PromptMethod& now) const;

 private:
  Matrix start_;  // [rows, hidden]
};

}  // namespace incipit
