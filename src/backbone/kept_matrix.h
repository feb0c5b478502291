#pragma once

#include <cstdint>

#include "ops/kept.h"
#include "tensor/matrix.h"

namespace incipit {

/// What of a layer is kept for its backward pass: nothing where there will be none, else f32, or bf16 where
/// the model multiplies in narrow numbers anyway, which takes half of the memory.
enum class Keep { nothing, floats, halves };

/// A matrix that operations write, and read on the way back, as they are told to keep it.
class KeptMatrix {
 public:
  void resize(std::int64_t rows, std::int64_t cols, Keep keep) {
    keep_ = keep;
    const std::int64_t size = rows * cols;
    if (keep == Keep::floats) storage_.resize(1, size);
    if (keep == Keep::halves) storage_.resize(1, (size + 1) / 2);
  }

  Kept values() {
    if (keep_ == Keep::floats) return storage_.data();
    if (keep_ == Keep::halves) return {nullptr, reinterpret_cast<std::uint16_t*>(storage_.data())};
    return {};
  }
  ConstKept values() const {
    if (keep_ == Keep::halves) return {nullptr, reinterpret_cast<const std::uint16_t*>(storage_.data())};
    return storage_.data();
  }

 private:
  Matrix storage_;  // floats, or halves, two in the place of one
  Keep keep_ = Keep::nothing;
};

}  // namespace incipit
