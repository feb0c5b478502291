// Rounding to narrow numbers; included once for each instruction set (see Highway's foreach_target).
#if defined(INCIPIT_OPS_NARROW_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef INCIPIT_OPS_NARROW_INL_H_
#undef INCIPIT_OPS_NARROW_INL_H_
#else
#define INCIPIT_OPS_NARROW_INL_H_
#endif

#include <algorithm>
#include <cstdint>

#include "ops/kept.h"
#include "ops/units-inl.h"

HWY_BEFORE_NAMESPACE();
namespace incipit::HWY_NAMESPACE {

/// Writes to_narrow(offset, load) for every vector of a row, of the last one just the lanes in range;
/// load(pointer) reads as many.
template <typename T, typename ToNarrow>
HWY_INLINE void narrow_row(std::int64_t width, T* out, ToNarrow to_narrow) {
  const FloatTag d;
  const hn::Rebind<T, FloatTag> narrow;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto load = [d](const float* pointer) HWY_ATTR { return hn::LoadU(d, pointer); };
  std::int64_t i = 0;
  for (; i + lanes <= width; i += lanes) hn::StoreU(to_narrow(i, load), narrow, out + i);
  const std::int64_t rest = width - i;
  if (rest == 0) return;
  const auto load_rest = [rest](const float* pointer) HWY_ATTR { return load_first(pointer, rest); };
  HWY_ALIGN T last[HWY_MAX_BYTES / sizeof(float)];
  hn::StoreU(to_narrow(i, load_rest), narrow, last);
  std::copy_n(last, rest, out + i);
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

/// Writes the first `count` lanes, or all where there are fewer.
HWY_INLINE void store_bf16(FloatVec value, std::uint16_t* out, std::int64_t count) {
  const hn::RebindToSigned<FloatTag> di;
  const hn::Rebind<std::uint16_t, FloatTag> narrow;
  const auto bits = hn::DemoteTo(narrow, hn::BitCast(di, hn::ShiftRight<16>(nearest_bf16(value))));
  if (count >= static_cast<std::int64_t>(hn::Lanes(narrow))) {
    hn::StoreU(bits, narrow, out);
    return;
  }
  HWY_ALIGN std::uint16_t lanes[HWY_MAX_BYTES / sizeof(float)];
  hn::Store(bits, narrow, lanes);
  std::copy_n(lanes, count, out);
}

/// The first `count` numbers, or as many as there are lanes; the other lanes are 0.
HWY_INLINE FloatVec load_bf16(const std::uint16_t* bits, std::int64_t count) {
  const FloatTag d;
  const hn::RebindToUnsigned<FloatTag> du;
  const hn::Rebind<std::uint16_t, FloatTag> narrow;
  const auto widened = [&](const std::uint16_t* from) HWY_ATTR {
    return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(du, hn::LoadU(narrow, from))));
  };
  if (count >= static_cast<std::int64_t>(hn::Lanes(d))) return widened(bits);
  HWY_ALIGN std::uint16_t lanes[HWY_MAX_BYTES / sizeof(float)] = {};
  std::copy_n(bits, count, lanes);
  return widened(lanes);
}

HWY_INLINE void row_to_bf16(const float* x, std::int64_t width, std::uint16_t* out) {
  for_each_vector(
      width, [&](std::int64_t i, auto load, auto) HWY_ATTR { store_bf16(load(x + i), out + i, width - i); });
}

#if INCIPIT_UNITS
/// The same by the processor's units; numbers below the least normal become 0.
HWY_INLINE void row_to_bf16_by_units(const float* x, std::int64_t width, std::uint16_t* out) {
  narrow_row(width, out, [&](std::int64_t i, auto load) HWY_ATTR { return demote_bf16(load(x + i)); });
}
#endif

HWY_INLINE void widen_row(const std::uint16_t* bits, std::int64_t width, float* out) {
  for_each_vector(width, [&](std::int64_t i, auto, auto store)
                             HWY_ATTR { store(load_bf16(bits + i, width - i), out + i); });
}

/// Numbers [i, i + lanes) of `width`; `load` and `store` are for_each_vector()'s.
template <typename Load>
HWY_INLINE FloatVec load_kept(ConstKept kept, std::int64_t i, std::int64_t width, Load load) {
  return kept.halves != nullptr ? load_bf16(kept.halves + i, width - i) : load(kept.floats + i);
}
template <typename Store>
HWY_INLINE void store_kept(FloatVec value, Kept kept, std::int64_t i, std::int64_t width, Store store) {
  if (kept.floats != nullptr) store(value, kept.floats + i);
  if (kept.halves != nullptr) store_bf16(value, kept.halves + i, width - i);
}

/// The numbers rounded to bf16, as f32.
HWY_INLINE void row_to_rounded(const float* x, std::int64_t width, float* out) {
  const FloatTag d;
  const hn::RebindToUnsigned<FloatTag> du;
  for_each_vector(width, [&](std::int64_t i, auto load, auto store) HWY_ATTR {
    const auto nearest = nearest_bf16(load(x + i));
    store(hn::BitCast(d, hn::And(nearest, hn::Set(du, 0xffff0000u))), out + i);
  });
}

}  // namespace incipit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
