#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "incipit/result.h"

#include "tensor/dtype.h"
#include "tensor/matrix.h"

namespace incipit {

/// A tensor inside a file that someone keeps mapped. Does not own.
struct StoredTensor {
  std::string name;
  DType dtype = DType::f32;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;  // row-major, little-endian

  std::int64_t element_count() const;
};

/// The tensors of one model: of one file, or of the shards that an index names; memory-mapped. Copies share
/// the maps.
class TensorStore {
 public:
  /// A .safetensors file, a model.safetensors.index.json, or a folder with either.
  static Result<TensorStore> open(const std::filesystem::path& path);

  /// Sorted by name.
  const std::vector<StoredTensor>& tensors() const;
  /// Null where there is none of that name.
  const StoredTensor* find(std::string_view name) const;
  /// The file that the tensors come from, for messages.
  const std::filesystem::path& path() const;

  /// Copies a tensor to f32 and checks its shape (-1 matches any size). Fails naming the file, the tensor and
  /// both shapes, and when it is missing, not floating, or holds a NaN or an infinity.
  Result<Matrix> matrix(std::string_view name, std::int64_t rows, std::int64_t cols) const;
  /// The same for a vector, as a matrix of one row.
  Result<Matrix> vector(std::string_view name, std::int64_t size) const;

 private:
  struct Maps;
  explicit TensorStore(std::shared_ptr<const Maps> maps);
  std::shared_ptr<const Maps> maps_;
};

/// A tensor to be written, f32.
struct OutputTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  std::span<const float> values;
};

/// The bytes of a safetensors file as Hugging Face writes it: compact JSON header padded with spaces to 8
/// bytes, metadata {"format":"pt"}, tensors sorted by name.
std::string serialize_safetensors(std::vector<OutputTensor> tensors);

}  // namespace incipit
