// The exponential function of numbers that cannot overflow it; included once for each instruction set (see
// Highway's foreach_target).
#if defined(INCIPIT_OPS_EXP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef INCIPIT_OPS_EXP_INL_H_
#undef INCIPIT_OPS_EXP_INL_H_
#else
#define INCIPIT_OPS_EXP_INL_H_
#endif

#include "ops/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace incipit::HWY_NAMESPACE {

/// e^x for x up to 88, within 2 + |x|/8 units in the last place, or 2 + |x| where products are rounded before
/// they are added to; 0 where it would be below the least normal number; NaN stays NaN. It is 2^n 2^f with n
/// the whole number nearest to x log2(e); 2^f by the polynomial of least relative error (1.6e-8) with 2^0
/// = 1. Half of the instructions of Highway's, which has no such bounds.
HWY_INLINE FloatVec bounded_exp(FloatVec x) {
  const FloatTag d;
  const hn::RebindToUnsigned<FloatTag> du;
  const auto constant = [d](float value) HWY_ATTR { return hn::Set(d, value); };
  // Added to a number it leaves, in the lowest bits, the nearest whole one, here with the exponent's bias.
  const FloatVec kWhole = constant(0x1.8p23f + 127), kLog2E = constant(1.44269504f);
  const FloatVec whole = hn::MulAdd(x, kLog2E, kWhole);
  const FloatVec f = hn::MulSub(x, kLog2E, hn::Sub(whole, kWhole));
  FloatVec poly = hn::MulAdd(f, constant(0.00015353362f), constant(0.00133988739f));
  poly = hn::MulAdd(poly, f, constant(0.00961843692f));
  poly = hn::MulAdd(poly, f, constant(0.0555033237f));
  poly = hn::MulAdd(poly, f, constant(0.240226477f));
  poly = hn::MulAdd(poly, f, constant(0.693147182f));
  poly = hn::MulAdd(poly, f, constant(1.0f));
  const FloatVec power = hn::BitCast(d, hn::ShiftLeft<23>(hn::BitCast(du, whole)));  // 2^n
  return hn::IfThenZeroElse(hn::Lt(x, constant(-87.3365f)), hn::Mul(poly, power));
}

}  // namespace incipit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // INCIPIT_OPS_EXP_INL_H_
