#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "ops/kernel_scratch.h"
#include "ops/linear.h"
#include "ops/linear_kernel.h"
#include "ops/packed_matmul.h"

namespace incipit {
namespace {

/// By the library's matmul, packed once for each direction.
class LibraryBf16Kernel : public LinearKernel {
 public:
  LibraryBf16Kernel(std::int64_t in, std::int64_t out, PackedMatmul forward)
      : in_(in), out_(out), forward_(std::move(forward)) {}

  void forward(const float* x, std::int64_t rows, float* y, bool accumulate) const override {
    run(forward_, x, rows, in_, y, accumulate);
  }
  void backward_input(const float* dy, std::int64_t rows, float* dx, bool accumulate) const override {
    std::call_once(backward_once_, [this] {
      Matrix transposed;
      forward_.unpack_transposed(transposed);
      backward_.emplace(std::as_const(transposed).view(), std::span<const float>());
    });
    run(*backward_, dy, rows, out_, dx, accumulate);
  }

  void save(ArrayFileWriter& packed) const override { packed.append(forward_.bytes()); }

 private:
  static void run(const PackedMatmul& matmul, const float* x, std::int64_t rows, std::int64_t depth, float* y,
                  bool accumulate) {
    const std::int64_t padded = padded_rows(rows);
    std::uint16_t* halves = room(KernelScratch::of_thread().halves, padded * depth);
    round_to_bf16(x, rows, depth, halves);
    matmul.run(halves, padded, y, accumulate);
  }

  std::int64_t in_, out_;
  PackedMatmul forward_;
  mutable std::once_flag backward_once_{};
  mutable std::optional<PackedMatmul> backward_{};
};

}  // namespace

std::unique_ptr<LinearKernel> library_bf16_kernel(ConstMatrixView weight, std::span<const float> bias) {
  return std::make_unique<LibraryBf16Kernel>(weight.cols, weight.rows, PackedMatmul(weight, bias));
}

LoadedKernel load_library_bf16_kernel(std::int64_t in, std::int64_t out, std::span<const float> bias,
                                      ArrayFileReader& packed) {
  INCIPIT_TRY(PackedMatmul matmul, PackedMatmul::load(MatmulType::bf16, in, out, bias, packed));
  return std::make_unique<LibraryBf16Kernel>(in, out, std::move(matmul));
}

}  // namespace incipit
