#include "formats/block_format.h"
#include "formats/block_reading.h"

namespace incipit {
namespace {

constexpr std::int64_t kWeights = 256;
constexpr std::int64_t kSub = 32;  // weights that share a scale and a minimum in Q4_K and Q5_K

struct ScaleAndMinimum {
  float scale, minimum;
};

/// Of sub-block s of 8, six bits each, in 12 bytes: 0 to 3 in the low bits of bytes s and 4 + s; of 4 to 7
/// the low four in the nibbles of byte 4 + s, the high two on top of the bytes s - 4 and s.
ScaleAndMinimum packed_scale(const std::byte* packed, std::int64_t s) {
  unsigned scale = byte_at(packed, s) & 63u, minimum = byte_at(packed, s + 4) & 63u;
  if (s >= 4) {
    scale = (byte_at(packed, s + 4) & 15u) | (byte_at(packed, s - 4) >> 2 & 48u);
    minimum = byte_at(packed, s + 4) >> 4 | (byte_at(packed, s) >> 2 & 48u);
  }
  return {static_cast<float>(scale), static_cast<float>(minimum)};
}

/// d, dmin, 12 bytes of packed scales, then Q5_K's 32 bytes of fifth bits (bit s of byte j is that of weight
/// j of sub-block s), then 128 bytes of nibbles: sub-blocks 2p and 2p + 1 in the halves of bytes 32p and on.
template <bool kFifthBits>
void dequantize_q4_or_q5(const std::byte* blocks, std::int64_t count, float* values) {
  constexpr std::int64_t kHead = 16, kHigh = kFifthBits ? 32 : 0, kBytes = kHead + kHigh + kWeights / 2;
  for (std::int64_t b = 0; b < count; ++b) {
    const std::byte* block = blocks + b * kBytes;
    const float d = f16_at(block, 0), dmin = f16_at(block, 2);
    for (std::int64_t s = 0; s < kWeights / kSub; ++s) {
      const ScaleAndMinimum packed = packed_scale(block + 4, s);
      const float scale = d * packed.scale, minimum = dmin * packed.minimum;
      const std::byte* low = block + kHead + kHigh + s / 2 * kSub;
      float* out = values + b * kWeights + s * kSub;
      for (std::int64_t j = 0; j < kSub; ++j) {
        unsigned q = byte_at(low, j) >> (s % 2 * 4) & 15u;
        if constexpr (kFifthBits) q |= (byte_at(block, kHead + j) >> s & 1u) << 4;
        out[j] = scale * static_cast<float>(q) - minimum;
      }
    }
  }
}

/// 128 bytes of low nibbles, 64 bytes of high bit pairs, 16 signed scales of 16 weights each, d. Of the run r
/// (of 8) of 32 weights, in half h = r / 4: the low nibbles are in bytes 64h + 32(r % 2) and on, their upper
/// halves for r % 4 >= 2; the high pairs in bits 2(r % 4) of bytes 32h and on.
void dequantize_q6_k(const std::byte* blocks, std::int64_t count, float* values) {
  constexpr std::int64_t kRun = 32, kHigh = 128, kScales = 192, kD = 208, kBytes = 210;
  for (std::int64_t b = 0; b < count; ++b) {
    const std::byte* block = blocks + b * kBytes;
    const float d = f16_at(block, kD);
    for (std::int64_t r = 0; r < kWeights / kRun; ++r) {
      const std::byte* low = block + r / 4 * 64 + r % 2 * kRun;
      const std::byte* high = block + kHigh + r / 4 * kRun;
      const std::int64_t low_shift = r % 4 / 2 * 4, high_shift = r % 4 * 2;
      float* out = values + b * kWeights + r * kRun;
      for (std::int64_t j = 0; j < kRun; ++j) {
        const unsigned q = (byte_at(low, j) >> low_shift & 15u) | (byte_at(high, j) >> high_shift & 3u) << 4;
        const float scale = d * static_cast<float>(i8_at(block, kScales + r * 2 + j / 16));
        out[j] = scale * static_cast<float>(static_cast<int>(q) - 32);
      }
    }
  }
}

}  // namespace

constexpr BlockFormat kQ4_K{"Q4_K", kWeights, 144, dequantize_q4_or_q5<false>};
constexpr BlockFormat kQ5_K{"Q5_K", kWeights, 176, dequantize_q4_or_q5<true>};
constexpr BlockFormat kQ6_K{"Q6_K", kWeights, 210, dequantize_q6_k};

}  // namespace incipit
