#pragma once

#include <cstdint>
#include <vector>

#include "incipit/result.h"

#include "engine/packed_batch.h"

namespace incipit {

/// A run of layers through which the same tokens flow. Its rows are the batch's tokens that have joined by
/// then, in the order of the batch.
struct Stage {
  struct Span {
    std::int64_t first = 0;  // row of the sequence's first token here
    std::int64_t count = 0;
  };

  std::int64_t first_layer = 0;
  std::int64_t end_layer = 0;          // one past its last layer
  std::vector<std::int64_t> token;     // [rows] index in the batch
  std::vector<std::int64_t> previous;  // [rows] row in the stage before; -1: joins here
  std::vector<Span> spans;             // [sequences]

  std::int64_t rows() const { return static_cast<std::int64_t>(token.size()); }
};

/// The stages of a batch, lowest first; the first starts at the lowest entry layer. Fails, naming the token,
/// when an entry is not below num_layers or the batch is inconsistent (sequences not end to end, a
/// parent that does not come before, a read out of range).
Result<std::vector<Stage>> plan_stages(const PackedBatch& batch, std::int64_t num_layers);

}  // namespace incipit
