#include "ops/multiply.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/multiply.cc"
#include <hwy/foreach_target.h>  // must come before highway.h

#include "ops/multiply-inl.h"

HWY_BEFORE_NAMESPACE();
namespace incipit::HWY_NAMESPACE {

void multiply_any(std::int64_t rows, std::int64_t cols, std::int64_t depth, const float* a,
                  std::int64_t a_row, std::int64_t a_col, const float* b, std::int64_t b_stride, float* c,
                  std::int64_t c_stride, bool accumulate) {
  multiply<Floats>(rows, cols, depth, a, a_row, a_col, b, b_stride, c, c_stride, accumulate);
}

}  // namespace incipit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace incipit {

HWY_EXPORT(multiply_any);

void multiply(std::int64_t rows, std::int64_t cols, std::int64_t depth, const float* a, std::int64_t a_row,
              std::int64_t a_col, const float* b, std::int64_t b_stride, float* c, std::int64_t c_stride,
              bool accumulate) {
  HWY_DYNAMIC_DISPATCH(multiply_any)
  (rows, cols, depth, a, a_row, a_col, b, b_stride, c, c_stride, accumulate);
}

}  // namespace incipit
#endif
