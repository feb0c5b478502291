#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "incipit/precision.h"
#include "incipit/result.h"

#include "backbone/checkpoint.h"
#include "backbone/embedding_table.h"
#include "base/array_file.h"
#include "ops/layer_norm.h"
#include "ops/linear.h"
#include "tensor/matrix.h"

namespace incipit {

/// Packed weights that an earlier run kept, or a file that this one keeps them in; neither: none are kept.
/// Every layer takes or appends its own, in the order of loading.
struct PackedWeights {
  std::optional<ArrayFileReader> kept;
  std::optional<ArrayFileWriter> to_keep;
};

/// A linear layer as a checkpoint has it: the rows of several tensors under each other.
struct LinearSource {
  struct Part {
    std::string name;  // without ".weight" and ".bias"
    std::int64_t out = 0;
  };
  std::vector<Part> parts;
  std::int64_t in = 0;
  bool has_bias = true;
  bool stores_transposed = false;  // [in, out], as GPT-2's Conv1D
  /// What the first rows are multiplied by.
  std::int64_t scaled_rows = 0;
  float factor = 1;

  std::int64_t out() const;
};

/// Reads the frozen weights of a model and counts their parameters.
class WeightReader {
 public:
  /// `packed` must outlive it.
  WeightReader(Checkpoint checkpoint, Precision precision, PackedWeights& packed)
      : checkpoint_(std::move(checkpoint)), precision_(precision), packed_(packed) {}

  Result<Matrix> matrix(const std::string& name, std::int64_t rows, std::int64_t cols);
  Result<EmbeddingTable> embeddings(const std::string& name, std::int64_t rows, std::int64_t cols);
  Result<std::vector<float>> vector(const std::string& name, std::int64_t size);
  Result<LayerNorm> layer_norm(const std::string& name, std::int64_t size, double epsilon);
  Result<Linear> linear(const LinearSource& source);
  /// Rows [first, first + count) of it alone.
  Result<Linear> linear(const LinearSource& source, std::int64_t first, std::int64_t count);

  Checkpoint& checkpoint() { return checkpoint_; }
  std::int64_t parameter_count() const { return parameter_count_; }

 private:
  void count(const std::string& name, std::int64_t size);
  Result<Matrix> stacked_weight(const LinearSource& source);
  Result<std::vector<float>> stacked_bias(const LinearSource& source);

  Checkpoint checkpoint_;
  Precision precision_;
  PackedWeights& packed_;
  std::set<std::string> counted_;
  std::int64_t parameter_count_ = 0;
};

}  // namespace incipit
