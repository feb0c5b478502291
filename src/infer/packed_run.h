#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "incipit/adapter.h"

#include "backbone/backbone.h"
#include "engine/packed_batch.h"
#include "prompt/template.h"
#include "score/pooling.h"
#include "tensor/matrix.h"

namespace incipit {

/// One example of a batch and the adapter that it is for.
struct WorkItem {
  const TemplatedExample* example = nullptr;
  std::size_t adapter = 0;  // index into the adapters of the call
  std::uint64_t key = 0;    // of the example, for dropout
};

/// Runs examples of any mix of adapters through the backbone in one packed batch, up to the vectors that
/// their heads read, and back. Keeps its memory; one per thread.
class PackedRun {
 public:
  /// The backbone must outlive it.
  explicit PackedRun(const Backbone& backbone);

  /// vectors becomes [items, hidden], in the order of the items.
  Status forward(std::span<const Adapter* const> adapters, std::span<const WorkItem> items, const Want& want,
                 Matrix& vectors);

  /// After a traced forward() of the same adapters: hands each prompt its gradient. d_vectors: [items,
  /// hidden].
  void backward(std::span<Adapter* const> adapters, ConstMatrixView d_vectors);

  /// Tokens of the last batch, virtual ones included.
  std::int64_t tokens() const { return batch_.size(); }

 private:
  void pack(std::span<const Adapter* const> adapters, std::span<const WorkItem> items);

  const Backbone& backbone_;
  std::unique_ptr<Pass> pass_;
  PackedBatch batch_;
  std::vector<RowRange> ranges_;         // [items] of read rows
  std::vector<std::int64_t> first_row_;  // [adapters] of virtual rows
  Matrix virtual_rows_, d_virtual_rows_, read_rows_, d_read_rows_;
};

}  // namespace incipit
