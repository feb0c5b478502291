#pragma once

#include <cstdint>
#include <vector>

#include "incipit/result.h"
#include "incipit/tokenizer.h"

namespace incipit {

/// The special tokens that a tokenizer puts around a single text, such as [CLS] and [SEP].
struct SpecialFrame {
  std::vector<std::int32_t> before, after;

  static Result<SpecialFrame> of(const Tokenizer& tokenizer);
};

}  // namespace incipit
