#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "incipit/precision.h"
#include "incipit/result.h"

#include "base/array_file.h"
#include "tensor/matrix.h"

namespace incipit {

/// Rows that a buffer must have room for when a Linear works on `rows` of them: row counts are rounded up to
/// few sizes (at most 3 % more), so that a kernel compiled for one batch serves the next.
std::int64_t padded_rows(std::int64_t rows);

class LinearKernel;

/// Which libraries and processors pack weights alike.
std::string packing_name();

/// A frozen affine map y = x Wᵀ + b, its weight packed once for the matmul of this machine. The rows above
/// `rows` of every buffer, up to padded_rows(rows), are read and overwritten with values of no meaning.
class Linear {
 public:
  /// weight: [out, in]; bias: [out] or empty. Both are copied. `precision` is what both directions compute
  /// with; x, y and their gradients are f32. A processor without units for it multiplies the same rounded
  /// numbers otherwise, from weights held in the narrow format. The gradient of int8 is that by the weight in
  /// 8 bits, rounding passed over, with dy in 8 bits too, a scale a row. Where more than 65,536 inputs or
  /// outputs could overflow int8's sums, bf16 takes its place.
  Linear(ConstMatrixView weight, std::span<const float> bias, Precision precision = Precision::f32);
  /// Of what save() wrote of a layer of this size and precision, on a processor of the same packing_name().
  static Result<Linear> load(std::int64_t in, std::int64_t out, std::span<const float> bias,
                             Precision precision, ArrayFileReader& packed);
  Linear(Linear&&) noexcept;
  Linear& operator=(Linear&&) noexcept;
  ~Linear();

  /// The packed weight, without the bias.
  void save(ArrayFileWriter& packed) const;

  std::int64_t in_features() const { return in_; }
  std::int64_t out_features() const { return out_; }

  /// x: [padded_rows(rows), in], y: [padded_rows(rows), out], both contiguous. Added to what y holds where
  /// `accumulate`.
  void forward(const float* x, std::int64_t rows, float* y, bool accumulate = false) const;

  /// dx = dy W, added to what dx holds where `accumulate`. dy: [padded, out], dx: [padded, in]. Where the
  /// library multiplies, its first call packs the weight a second time.
  void backward_input(const float* dy, std::int64_t rows, float* dx, bool accumulate) const;

 private:
  Linear(std::int64_t in, std::int64_t out, std::unique_ptr<const LinearKernel> kernel);

  std::int64_t in_, out_;
  std::unique_ptr<const LinearKernel> kernel_;
};

}  // namespace incipit
