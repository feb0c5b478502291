// Instructions on narrow numbers that Highway has no names for; included once for each instruction set (see
// Highway's foreach_target). Attributes for them would have to be those of all callers, so they are written
// out, and a caller first asks whether the processor has them.
#if defined(INCIPIT_OPS_UNITS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef INCIPIT_OPS_UNITS_INL_H_
#undef INCIPIT_OPS_UNITS_INL_H_
#else
#define INCIPIT_OPS_UNITS_INL_H_
#endif

#include "ops/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace incipit::HWY_NAMESPACE {

#undef INCIPIT_UNITS
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
#define INCIPIT_UNITS 1

using UnitIntegers = hn::Vec<hn::ScalableTag<std::int32_t>>;
using UnitWords = hn::Vec<hn::ScalableTag<std::uint32_t>>;

/// Measured: those of Intel's vectors take as long as two products in f32.
inline bool has_bf16_units() {
  return __builtin_cpu_supports("avx512bf16") != 0 && __builtin_cpu_is("amd") != 0;
}
inline bool has_byte_units() {
  return __builtin_cpu_supports("avx512vnni") != 0;
}

/// sum + the products of two bf16 numbers each; numbers below the least normal count as 0.
HWY_INLINE FloatVec add_bf16_products(UnitWords x, UnitWords y, FloatVec sum) {
  asm("vdpbf16ps %2, %1, %0" : "+v"(sum.raw) : "v"(x.raw), "v"(y.raw));
  return sum;
}

/// sum + the products of four unsigned bytes of x and signed ones of y.
HWY_INLINE UnitIntegers add_byte_products(UnitWords x, UnitWords y, UnitIntegers sum) {
  asm("vpdpbusd %2, %1, %0" : "+v"(sum.raw) : "v"(x.raw), "v"(y.raw));
  return sum;
}

/// The bits of x rounded to bf16, to nearest, ties to even; numbers below the least normal become 0.
HWY_INLINE hn::Vec<hn::Rebind<std::uint16_t, FloatTag>> demote_bf16(FloatVec x) {
  hn::Vec<hn::Rebind<std::uint16_t, FloatTag>> bits;
  asm("vcvtneps2bf16 %1, %0" : "=v"(bits.raw) : "v"(x.raw));
  return bits;
}
#else
#define INCIPIT_UNITS 0
#endif

}  // namespace incipit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // INCIPIT_OPS_UNITS_INL_H_
