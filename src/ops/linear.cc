#include "ops/linear.h"

#include <algorithm>
#include <bit>
#include <utility>

#include <fmt/format.h>

#include "base/phase_clock.h"
#include "ops/linear_kernel.h"
#include "ops/packed_matmul.h"
#include "ops/panel_weight.h"

namespace incipit {
namespace {

/// To be raised where a kernel saves something else.
constexpr int kSavedVersion = 2;

/// Terms that the s32 sums of 8-bit products have room for: 255 * 127 each.
constexpr std::int64_t kMostInt8Terms = 65536;

Precision precision_for(Precision wanted, std::int64_t in, std::int64_t out) {
  const Precision precision = resolved(wanted);
  return precision == Precision::int8 && std::max(in, out) > kMostInt8Terms ? Precision::bf16 : precision;
}

std::unique_ptr<LinearKernel> make_kernel(ConstMatrixView weight, std::span<const float> bias,
                                          Precision precision) {
  switch (precision_for(precision, weight.cols, weight.rows)) {
    case Precision::bf16:
      if (is_library_faster(MatmulType::bf16)) return library_bf16_kernel(weight, bias);
      return panel_kernel(PanelType::bf16, weight, bias);
    case Precision::int8:
      if (is_library_faster(MatmulType::u8s8)) return library_int8_kernel(weight, bias);
      return panel_int8_kernel(weight, bias);
    case Precision::f32:
    case Precision::automatic:
      break;
  }
  return panel_kernel(PanelType::f32, weight, bias);
}

LoadedKernel load_kernel(std::int64_t in, std::int64_t out, std::span<const float> bias, Precision precision,
                         ArrayFileReader& packed) {
  switch (precision_for(precision, in, out)) {
    case Precision::bf16:
      if (is_library_faster(MatmulType::bf16)) return load_library_bf16_kernel(in, out, bias, packed);
      return load_panel_kernel(PanelType::bf16, in, out, bias, packed);
    case Precision::int8:
      if (is_library_faster(MatmulType::u8s8)) return load_library_int8_kernel(in, out, bias, packed);
      return load_panel_int8_kernel(in, out, bias, packed);
    case Precision::f32:
    case Precision::automatic:
      break;
  }
  return load_panel_kernel(PanelType::f32, in, out, bias, packed);
}

}  // namespace

std::string packing_name() {
  return fmt::format("{}, {}, version {}", panel_layout_name(), packed_layout_name(), kSavedVersion);
}

std::int64_t padded_rows(std::int64_t rows) {
  if (rows < 32) return rows;
  const auto step = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(rows)) / 32);
  return (rows + step - 1) / step * step;
}

Linear::Linear(ConstMatrixView weight, std::span<const float> bias, Precision precision)
    : in_(weight.cols), out_(weight.rows), kernel_(make_kernel(weight, bias, precision)) {}
Linear::Linear(std::int64_t in, std::int64_t out, std::unique_ptr<const LinearKernel> kernel)
    : in_(in), out_(out), kernel_(std::move(kernel)) {}
Result<Linear> Linear::load(std::int64_t in, std::int64_t out, std::span<const float> bias,
                            Precision precision, ArrayFileReader& packed) {
  INCIPIT_TRY(std::unique_ptr<LinearKernel> kernel, load_kernel(in, out, bias, precision, packed));
  return Linear(in, out, std::move(kernel));
}
Linear::Linear(Linear&&) noexcept = default;
Linear& Linear::operator=(Linear&&) noexcept = default;
Linear::~Linear() = default;

void Linear::save(ArrayFileWriter& packed) const {
  kernel_->save(packed);
}

void Linear::forward(const float* x, std::int64_t rows, float* y, bool accumulate) const {
  const PhaseTimer timer(Phase::matmul);
  if (rows > 0) kernel_->forward(x, rows, y, accumulate);
}

void Linear::backward_input(const float* dy, std::int64_t rows, float* dx, bool accumulate) const {
  const PhaseTimer timer(Phase::matmul_backward);
  if (rows > 0) kernel_->backward_input(dy, rows, dx, accumulate);
}

}  // namespace incipit
