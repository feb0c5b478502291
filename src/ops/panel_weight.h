#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "incipit/result.h"

#include "base/array_file.h"
#include "ops/narrow.h"
#include "tensor/matrix.h"

namespace incipit {

/// How a weight's numbers are held.
enum class PanelType { f32, bf16, int8 };

/// Which processors lay panels out alike.
std::string panel_layout_name();

/// Whether this processor multiplies these numbers two or four at a time; else they are widened first.
bool has_units_for(PanelType type);

/// A weight [out, in] cut into panels as wide as the vector units of this processor take at once: the one
/// packing serves y = x Wᵀ and dx = dy W. A row's result does not depend on the rows beside it. Immutable and
/// thread-safe; copies share the memory.
///
/// The scheme is Goto and van de Geijn's ("Anatomy of High-Performance Matrix Multiplication", 2008): a block
/// of x and a panel of W in the second-level cache, tiles of x in the first, a tile of y in registers.
class PanelWeight {
 public:
  /// Copies `weight`, in f32 or rounded to bf16, as `type` says, which is one of these.
  PanelWeight(PanelType type, ConstMatrixView weight);
  /// Copies 8-bit values [out, in], contiguous.
  PanelWeight(const std::int8_t* values, std::int64_t in, std::int64_t out);

  /// Of what bytes() gave on a processor of the same panel_layout_name(), mapped.
  static Result<PanelWeight> load(PanelType type, std::int64_t in, std::int64_t out, ArrayFileReader& packed);

  std::span<const std::byte> bytes() const;
  std::int64_t in() const { return in_; }
  std::int64_t out() const { return out_; }

  // In f32 or bf16. With a bf16 weight x and dy are rounded to bf16 too. All contiguous, and added to what
  // the result holds where `accumulate`.
  /// y = x Wᵀ + bias. x: [rows, in], y: [rows, out]; bias: [out] or empty.
  void multiply(const float* x, std::int64_t rows, std::span<const float> bias, float* y,
                bool accumulate) const;
  /// dx = dy W. dy: [rows, out], dx: [rows, in].
  void multiply_transposed(const float* dy, std::int64_t rows, float* dx, bool accumulate) const;

  // The same of 8-bit numbers with an int8 weight: the sums of products, exact as long as 32 bits hold them,
  // dequantised as dequantise_rows() does.
  void multiply(const QuantisedRows& x, const ProductColumns& columns, float* y, bool accumulate) const;
  void multiply_transposed(const QuantisedRows& dy, const ProductColumns& columns, float* dx,
                           bool accumulate) const;

 private:
  PanelWeight(PanelType type, std::int64_t in, std::int64_t out, std::shared_ptr<const std::byte> panels)
      : type_(type), in_(in), out_(out), panels_(std::move(panels)) {}

  const std::uint32_t* words() const;

  PanelType type_;
  std::int64_t in_, out_;
  std::shared_ptr<const std::byte> panels_;
};

}  // namespace incipit
