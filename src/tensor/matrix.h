#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <span>

#include "base/memory.h"

namespace incipit {

/// A view of rows of floats, `stride` floats apart. Does not own.
struct MatrixView {
  float* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t stride = 0;

  float* row(std::int64_t i) const { return data + i * stride; }
};

/// The same, read only.
struct ConstMatrixView {
  const float* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t stride = 0;

  ConstMatrixView() = default;
  ConstMatrixView(const float* values, std::int64_t row_count, std::int64_t col_count,
                  std::int64_t row_stride)
      : data(values), rows(row_count), cols(col_count), stride(row_stride) {}
  ConstMatrixView(const MatrixView& view)  // NOLINT: implicit, a writable view can be read
      : data(view.data), rows(view.rows), cols(view.cols), stride(view.stride) {}

  const float* row(std::int64_t i) const { return data + i * stride; }
};

/// Gives a Matrix's memory back to where it came from.
struct FreeNumbers {
  static constexpr std::align_val_t kAlignment{64};

  std::size_t paged_bytes = 0;  // 0: of the heap
  void operator()(float* numbers) const {
    if (paged_bytes > 0)
      unmap_pages(reinterpret_cast<std::byte*>(numbers), paged_bytes);
    else
      ::operator delete(numbers, kAlignment);
  }
};

/// An owned, 64-byte aligned, contiguous matrix of f32. Growing keeps the storage where it is large enough,
/// so that a matrix reused every step stops allocating; contents are unspecified after resize().
class Matrix {
 public:
  Matrix() = default;
  Matrix(std::int64_t rows, std::int64_t cols) {
    resize(rows, cols);
    fill(0.0f);
  }

  void resize(std::int64_t rows, std::int64_t cols) {
    const std::int64_t size = rows * cols;
    if (size > capacity_) {
      const std::size_t bytes = sizeof(float) * static_cast<std::size_t>(size);
      storage_.reset();  // before the new one is made: they need not both fit
      capacity_ = 0;
      storage_ = bytes < kPaged ? Storage(static_cast<float*>(::operator new(bytes, FreeNumbers::kAlignment)),
                                          FreeNumbers{0})
                                : Storage(reinterpret_cast<float*>(map_pages(bytes)), FreeNumbers{bytes});
      capacity_ = size;
    }
    rows_ = rows;
    cols_ = cols;
  }
  void fill(float value) { std::fill_n(data(), size(), value); }

  std::int64_t rows() const { return rows_; }
  std::int64_t cols() const { return cols_; }
  std::int64_t size() const { return rows_ * cols_; }
  float* data() { return storage_.get(); }
  const float* data() const { return storage_.get(); }
  float* row(std::int64_t i) { return data() + i * cols_; }
  const float* row(std::int64_t i) const { return data() + i * cols_; }
  std::span<float> values() { return {data(), static_cast<std::size_t>(size())}; }
  std::span<const float> values() const { return {data(), static_cast<std::size_t>(size())}; }
  MatrixView view() { return {data(), rows_, cols_, cols_}; }
  ConstMatrixView view() const { return {data(), rows_, cols_, cols_}; }

 private:
  /// Large ones would leave holes in the heap that small ones then split.
  static constexpr std::size_t kPaged = std::size_t{1} << 20;
  using Storage = std::unique_ptr<float[], FreeNumbers>;

  Storage storage_;
  std::int64_t capacity_ = 0;
  std::int64_t rows_ = 0;
  std::int64_t cols_ = 0;
};

}  // namespace incipit
