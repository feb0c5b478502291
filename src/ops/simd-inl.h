// Helpers shared by the vector kernels; included once for each instruction set (see Highway's
// foreach_target).
#if defined(INCIPIT_OPS_SIMD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef INCIPIT_OPS_SIMD_INL_H_
#undef INCIPIT_OPS_SIMD_INL_H_
#else
#define INCIPIT_OPS_SIMD_INL_H_
#endif

#include <cstdint>

#include <hwy/highway.h>

#include "base/rng.h"

HWY_BEFORE_NAMESPACE();
namespace incipit::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using FloatTag = hn::ScalableTag<float>;
using FloatVec = hn::Vec<FloatTag>;

// AVX2 counts as faulting for its 8 and 16 bit lanes only.
#undef INCIPIT_EMULATED_MASKS
#if HWY_TARGET != HWY_AVX2 && HWY_MEM_OPS_MIGHT_FAULT
#define INCIPIT_EMULATED_MASKS 1
#else
#define INCIPIT_EMULATED_MASKS 0
#endif

/// The first `count` lanes from memory, the others 0; never reads beyond them, unlike Highway's MaskedLoad on
/// instruction sets without masks (which there wants an aligned pointer too).
HWY_INLINE FloatVec load_first(const float* pointer, std::int64_t count) {
  const FloatTag d;
#if INCIPIT_EMULATED_MASKS
  HWY_ALIGN float lanes[HWY_MAX_BYTES / sizeof(float)] = {};
  for (std::int64_t i = 0; i < count; ++i) lanes[i] = pointer[i];
  return hn::Load(d, lanes);
#else
  return hn::MaskedLoad(hn::FirstN(d, static_cast<std::size_t>(count)), d, pointer);
#endif
}

/// Writes the first `count` lanes and nothing else: neighbours may belong to another thread.
HWY_INLINE void store_first(FloatVec value, float* pointer, std::int64_t count) {
  const FloatTag d;
#if INCIPIT_EMULATED_MASKS
  HWY_ALIGN float lanes[HWY_MAX_BYTES / sizeof(float)] = {};
  hn::Store(value, d, lanes);
  for (std::int64_t i = 0; i < count; ++i) pointer[i] = lanes[i];
#else
  hn::BlendedStore(value, hn::FirstN(d, static_cast<std::size_t>(count)), d, pointer);
#endif
}

/// Calls body(offset, load, store) for whole vectors of [0, count) and once, masked, for the rest.
/// `load(pointer)` reads the lanes in range (others are 0), `store(vector, pointer)` writes just them.
template <typename Body>
HWY_INLINE void for_each_vector(std::int64_t count, Body body) {
  const FloatTag d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    body(
        i, [d](const float* pointer) HWY_ATTR { return hn::LoadU(d, pointer); },
        [d](FloatVec value, float* pointer) HWY_ATTR { hn::StoreU(value, d, pointer); });
  if (const std::int64_t rest = count - i; rest > 0)
    body(
        i, [rest](const float* pointer) HWY_ATTR { return load_first(pointer, rest); },
        [rest](FloatVec value, float* pointer) HWY_ATTR { store_first(value, pointer, rest); });
}

/// 0 with probability `rate`, else 1 / (1 - rate), for elements [offset, offset + lanes) of a row; a function
/// of the row's key and the element's place alone. The mixer is lowbias32 (C. Wellons, "hash-prospector").
struct DropoutScale {
  std::uint32_t start;
  std::uint32_t salt;
  std::uint32_t threshold;
  float scale;

  DropoutScale(std::uint64_t row_key, float rate)
      : start(static_cast<std::uint32_t>(mix_bits(row_key) >> 32)),
        salt(static_cast<std::uint32_t>(mix_bits(row_key))),
        threshold(static_cast<std::uint32_t>(static_cast<double>(rate) * 0x1p32)),
        scale(1.0f / (1.0f - rate)) {}

  HWY_INLINE FloatVec at(std::int64_t offset) const {
    const FloatTag d;
    const hn::RebindToUnsigned<FloatTag> du;
    auto x = hn::Add(hn::Iota(du, 0), hn::Set(du, start + static_cast<std::uint32_t>(offset)));
    x = hn::Mul(hn::Xor(x, hn::ShiftRight<16>(x)), hn::Set(du, 0x7feb352du));
    x = hn::Xor(x, hn::Set(du, salt));  // else rows with close starts would have the same mask, shifted
    x = hn::Mul(hn::Xor(x, hn::ShiftRight<15>(x)), hn::Set(du, 0x846ca68bu));
    x = hn::Xor(x, hn::ShiftRight<16>(x));
    const auto dropped = hn::RebindMask(d, hn::Lt(x, hn::Set(du, threshold)));
    return hn::IfThenZeroElse(dropped, hn::Set(d, scale));
  }
};

}  // namespace incipit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // INCIPIT_OPS_SIMD_INL_H_
