#include "formats/block_format.h"
#include "formats/block_reading.h"

namespace incipit {
namespace {

constexpr std::int64_t kWeights = 32;
constexpr std::int64_t kHalf = kWeights / 2;

/// Calls decode(block, values) for each block.
template <std::size_t kBytes, typename Decode>
void each_block(const std::byte* blocks, std::int64_t count, float* values, Decode decode) {
  for (std::int64_t b = 0; b < count; ++b)
    decode(blocks + b * static_cast<std::int64_t>(kBytes), values + b * kWeights);
}

/// Byte j at `low` holds four bits of weight j (its lower half) and of weight j + 16.
template <typename Value>
void each_nibble(const std::byte* low, float* values, Value value) {
  for (std::int64_t j = 0; j < kHalf; ++j) {
    values[j] = value(byte_at(low, j) & 15u, j);
    values[j + kHalf] = value(byte_at(low, j) >> 4, j + kHalf);
  }
}

/// Bit j of the 32 at `bits`, as the fifth bit of a weight.
unsigned fifth_bit(const std::byte* bits, std::int64_t j) {
  return (byte_at(bits, j / 8) >> (j % 8) & 1u) << 4;
}

/// d, 32 signed bytes
void dequantize_q8_0(const std::byte* blocks, std::int64_t count, float* values) {
  each_block<34>(blocks, count, values, [](const std::byte* block, float* out) {
    const float d = f16_at(block, 0);
    for (std::int64_t j = 0; j < kWeights; ++j) out[j] = static_cast<float>(i8_at(block, 2 + j)) * d;
  });
}

/// d, 16 bytes of nibbles
void dequantize_q4_0(const std::byte* blocks, std::int64_t count, float* values) {
  each_block<18>(blocks, count, values, [](const std::byte* block, float* out) {
    const float d = f16_at(block, 0);
    each_nibble(block + 2, out,
                [&](unsigned q, std::int64_t) { return d * static_cast<float>(static_cast<int>(q) - 8); });
  });
}

/// d, minimum, 16 bytes of nibbles
void dequantize_q4_1(const std::byte* blocks, std::int64_t count, float* values) {
  each_block<20>(blocks, count, values, [](const std::byte* block, float* out) {
    const float d = f16_at(block, 0), minimum = f16_at(block, 2);
    each_nibble(block + 4, out,
                [&](unsigned q, std::int64_t) { return d * static_cast<float>(q) + minimum; });
  });
}

/// d, 4 bytes of fifth bits, 16 bytes of nibbles
void dequantize_q5_0(const std::byte* blocks, std::int64_t count, float* values) {
  each_block<22>(blocks, count, values, [](const std::byte* block, float* out) {
    const float d = f16_at(block, 0);
    each_nibble(block + 6, out, [&](unsigned q, std::int64_t j) {
      return d * static_cast<float>(static_cast<int>(q | fifth_bit(block + 2, j)) - 16);
    });
  });
}

/// d, minimum, 4 bytes of fifth bits, 16 bytes of nibbles
void dequantize_q5_1(const std::byte* blocks, std::int64_t count, float* values) {
  each_block<24>(blocks, count, values, [](const std::byte* block, float* out) {
    const float d = f16_at(block, 0), minimum = f16_at(block, 2);
    each_nibble(block + 8, out, [&](unsigned q, std::int64_t j) {
      return d * static_cast<float>(q | fifth_bit(block + 4, j)) + minimum;
    });
  });
}

}  // namespace

constexpr BlockFormat kQ8_0{"Q8_0", kWeights, 34, dequantize_q8_0};
constexpr BlockFormat kQ4_0{"Q4_0", kWeights, 18, dequantize_q4_0};
constexpr BlockFormat kQ4_1{"Q4_1", kWeights, 20, dequantize_q4_1};
constexpr BlockFormat kQ5_0{"Q5_0", kWeights, 22, dequantize_q5_0};
constexpr BlockFormat kQ5_1{"Q5_1", kWeights, 24, dequantize_q5_1};

}  // namespace incipit
