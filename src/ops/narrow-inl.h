// Rounding to narrow numbers; included once for each instruction set (see Highway's foreach_target).
#if defined(INCIPIT_OPS_NARROW_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef INCIPIT_OPS_NARROW_INL_H_
#undef INCIPIT_OPS_NARROW_INL_H_
#else
#define INCIPIT_OPS_NARROW_INL_H_
#endif

#include "ops/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace incipit::HWY_NAMESPACE {

/// Writes to_narrow(offset, vector) for every vector of a row; of the last one just the lanes in range.
template <typename T, typename ToNarrow>
HWY_INLINE void narrow_row(const float* x, std::int64_t width, T* out, ToNarrow to_narrow) {
  const FloatTag d;
  const hn::Rebind<T, FloatTag> narrow;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= width; i += lanes) hn::StoreU(to_narrow(i, hn::LoadU(d, x + i)), narrow, out + i);
  if (i == width) return;
  HWY_ALIGN T rest[HWY_MAX_BYTES / sizeof(float)];
  hn::StoreU(to_narrow(i, load_first(x + i, width - i)), narrow, rest);
  std::copy_n(rest, width - i, out + i);
}

/// The bits of the nearest bf16, in the upper half; a NaN's as they are, but sure to have one in that half.
HWY_INLINE auto nearest_bf16(FloatVec x) {
  const hn::RebindToUnsigned<FloatTag> du;
  const auto bits = hn::BitCast(du, x);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1));
  const auto rounded = hn::Add(bits, hn::Add(odd, hn::Set(du, 0x7fff)));
  const auto quiet = hn::Or(bits, hn::Set(du, 0x400000));
  return hn::IfThenElse(hn::RebindMask(du, hn::IsNaN(x)), quiet, rounded);
}

/// `factors`, where not null, multiply the row first.
HWY_INLINE void row_to_bf16(const float* x, const float* factors, std::int64_t width, std::uint16_t* out) {
  const hn::RebindToSigned<FloatTag> di;
  const hn::Rebind<std::uint16_t, FloatTag> narrow;
  const auto demote = [&](FloatVec value) HWY_ATTR {
    return hn::DemoteTo(narrow, hn::BitCast(di, hn::ShiftRight<16>(nearest_bf16(value))));
  };
  if (factors == nullptr)
    narrow_row(x, width, out, [&](std::int64_t, FloatVec value) HWY_ATTR { return demote(value); });
  else
    narrow_row(x, width, out, [&](std::int64_t i, FloatVec value) HWY_ATTR {
      const auto lanes = static_cast<std::int64_t>(hn::Lanes(FloatTag()));
      return demote(hn::Mul(value, load_first(factors + i, std::min(lanes, width - i))));
    });
}

/// The same numbers as f32.
HWY_INLINE void row_to_rounded(const float* x, const float* factors, std::int64_t width, float* out) {
  const FloatTag d;
  const hn::RebindToUnsigned<FloatTag> du;
  for_each_vector(width, [&](std::int64_t i, auto load, auto store) HWY_ATTR {
    FloatVec value = load(x + i);
    if (factors != nullptr) value = hn::Mul(value, load(factors + i));
    store(hn::BitCast(d, hn::And(nearest_bf16(value), hn::Set(du, 0xffff0000u))), out + i);
  });
}

}  // namespace incipit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
