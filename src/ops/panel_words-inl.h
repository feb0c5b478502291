// Words of 32 bits: scratch memory for them and their transposition in fours; included once for each
// instruction set (see Highway's foreach_target).
#if defined(INCIPIT_OPS_PANEL_WORDS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef INCIPIT_OPS_PANEL_WORDS_INL_H_
#undef INCIPIT_OPS_PANEL_WORDS_INL_H_
#else
#define INCIPIT_OPS_PANEL_WORDS_INL_H_
#endif

#include "ops/simd-inl.h"
#include "tensor/matrix.h"

HWY_BEFORE_NAMESPACE();
namespace incipit::HWY_NAMESPACE {

/// Words of a thread's scratch memory, grown as needed.
inline std::uint32_t* words_of(Matrix& memory, std::int64_t size) {
  memory.resize(1, size);
  return reinterpret_cast<std::uint32_t*>(memory.data());
}

using QuadTag = hn::FixedTag<std::uint32_t, 4>;
using Quad = hn::Vec<QuadTag>;

/// Calls emit(t0, t1, t2, t3): t_j has word j of each of the rows' four.
template <typename Emit>
HWY_INLINE void transpose_quads(const std::uint32_t* r0, const std::uint32_t* r1, const std::uint32_t* r2,
                                const std::uint32_t* r3, Emit emit) {
  const QuadTag d;
  const hn::Repartition<std::uint64_t, QuadTag> pairs;
  const Quad a = hn::LoadU(d, r0), b = hn::LoadU(d, r1), c = hn::LoadU(d, r2), e = hn::LoadU(d, r3);
  const auto low_ab = hn::BitCast(pairs, hn::InterleaveLower(d, a, b));
  const auto low_ce = hn::BitCast(pairs, hn::InterleaveLower(d, c, e));
  const auto high_ab = hn::BitCast(pairs, hn::InterleaveUpper(d, a, b));
  const auto high_ce = hn::BitCast(pairs, hn::InterleaveUpper(d, c, e));
  emit(hn::BitCast(d, hn::InterleaveLower(pairs, low_ab, low_ce)),
       hn::BitCast(d, hn::InterleaveUpper(pairs, low_ab, low_ce)),
       hn::BitCast(d, hn::InterleaveLower(pairs, high_ab, high_ce)),
       hn::BitCast(d, hn::InterleaveUpper(pairs, high_ab, high_ce)));
}

}  // namespace incipit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
