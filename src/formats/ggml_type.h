#pragma once

#include <cstdint>
#include <string>

#include "formats/block_format.h"
#include "tensor/dtype.h"

namespace incipit {

/// A tensor type of a GGUF file that we read: plain numbers, or blocks.
struct GgmlType {
  std::uint32_t id;
  DType dtype;                // where blocks is null
  const BlockFormat* blocks;  // null for plain numbers

  std::string_view name() const;  // as ggml spells it
  std::int64_t block_weights() const { return blocks != nullptr ? blocks->weights : 1; }
  std::size_t block_bytes() const { return blocks != nullptr ? blocks->bytes : size_of(dtype); }
};

/// Null where we do not read it.
const GgmlType* ggml_type(std::uint32_t id);

/// ggml's name of any id, for messages: "IQ2_XXS", "number 99" where it is none that ggml has.
std::string ggml_type_name(std::uint32_t id);

/// "F32, F16, …": the ones that we read.
std::string readable_ggml_types();

}  // namespace incipit
