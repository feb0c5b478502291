#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "incipit/result.h"

#include "base/array_file.h"
#include "tensor/matrix.h"

namespace incipit {

/// What a matmul multiplies and gives: bf16 in f32, u8 activations with s8 weights in s32.
enum class MatmulType { bf16, u8s8 };

/// Whether the library has units of this processor for it that our own kernels do not use: matrix tiles,
/// 8-bit products of 256-bit vectors.
bool is_library_faster(MatmulType type);

/// Which libraries and processors pack alike.
std::string packed_layout_name();

/// y = x W (+ bias), the weight packed once in the layout that the library prefers, and a kernel a row count,
/// made when first needed. Thread-safe.
class PackedMatmul {
 public:
  /// In bf16, to which the weight is rounded. weight: [out, in]; bias: [out] or empty. Both are copied.
  PackedMatmul(ConstMatrixView weight, std::span<const float> bias);
  /// In u8s8, without bias. weight: [out, in], contiguous.
  PackedMatmul(const std::int8_t* weight, std::int64_t in, std::int64_t out);
  /// Of what bytes() gave, of a matmul of the same packed_layout_name(). Shares `packed`.
  static Result<PackedMatmul> load(MatmulType type, std::int64_t in, std::int64_t out,
                                   std::span<const float> bias, ArrayFileReader& packed);
  PackedMatmul(PackedMatmul&&) noexcept;
  PackedMatmul& operator=(PackedMatmul&&) noexcept;
  ~PackedMatmul();

  std::span<const std::byte> bytes() const;

  /// weight becomes [in, out], the packed values.
  void unpack_transposed(Matrix& weight) const;

  /// x: [rows, in] of the type's input, y: [rows, out] of its output, contiguous. Added to what y holds where
  /// `accumulate`. `rows` are few sizes (padded_rows).
  void run(const void* x, std::int64_t rows, void* y, bool accumulate) const;

 private:
  struct State;
  explicit PackedMatmul(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace incipit
