#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "incipit/result.h"

#include "formats/block_format.h"
#include "tensor/dtype.h"
#include "tensor/matrix.h"

namespace incipit {

/// A tensor inside a file that someone keeps mapped. Does not own.
struct StoredTensor {
  std::string name;
  DType dtype = DType::f32;  // not used where `blocks` is set
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;  // row-major, little-endian

  // How a GGUF file has it; a safetensors file has none of this.
  const BlockFormat* blocks = nullptr;  // quantised, in blocks along the stored rows
  std::int64_t paired_heads =
      0;                    // > 0: rows i and i + head_dim / 2 of each of so many heads stand side by side
  bool transposed = false;  // `bytes` hold the transpose of `shape`

  std::int64_t element_count() const;
  /// Such as "f16" or "Q4_1".
  std::string_view type_name() const { return blocks != nullptr ? blocks->name : name_of(dtype); }
};

/// The tensors of one model, under transformers' names: of one safetensors file, of the shards that an index
/// names, or of one GGUF file; memory-mapped. Copies share the maps.
class TensorStore {
 public:
  /// A .safetensors file, a model.safetensors.index.json, a .gguf file, or a folder with one of these.
  static Result<TensorStore> open(const std::filesystem::path& path);

  /// Sorted by name.
  const std::vector<StoredTensor>& tensors() const;
  /// Null where there is none of that name.
  const StoredTensor* find(std::string_view name) const;
  /// The file that the tensors come from, for messages.
  const std::filesystem::path& path() const;

  /// Copies a tensor to f32, dequantised, and checks its shape (-1 matches any size). Fails naming the file,
  /// the tensor and both shapes, and when it is missing, not floating, or holds a NaN or an infinity.
  Result<Matrix> matrix(std::string_view name, std::int64_t rows, std::int64_t cols) const;
  /// Whether it could be, without reading its numbers.
  Status check_shape(std::string_view name, std::int64_t rows, std::int64_t cols) const;
  /// The same for a vector, as a matrix of one row.
  Result<Matrix> vector(std::string_view name, std::int64_t size) const;

 private:
  struct Maps;
  explicit TensorStore(std::shared_ptr<const Maps> maps);
  std::shared_ptr<const Maps> maps_;
};

}  // namespace incipit
