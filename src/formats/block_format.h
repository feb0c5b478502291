#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace incipit {

/// How ggml packs weights: `weights` consecutive ones of a row in a block of `bytes` bytes. All numbers in a
/// block are little-endian. The layouts are those of ggml-common.h, the arithmetic that of the `gguf` Python
/// package's quants.py, whose every rounding is followed.
struct BlockFormat {
  std::string_view name;  // as ggml spells it
  std::int64_t weights;
  std::size_t bytes;
  /// Writes count * weights values.
  void (*dequantize)(const std::byte* blocks, std::int64_t count, float* values);
};

// One scale a block of 32; _1 adds a minimum. dequantize_simple.cc
extern const BlockFormat kQ8_0, kQ4_0, kQ4_1, kQ5_0, kQ5_1;
// 256 weights in sub-blocks that have quantised scales of their own. dequantize_k.cc
extern const BlockFormat kQ4_K, kQ5_K, kQ6_K;

}  // namespace incipit
