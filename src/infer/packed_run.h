#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "incipit/adapter.h"

#include "backbone/backbone.h"
#include "engine/packed_batch.h"
#include "infer/lower_layers.h"
#include "prompt/template.h"
#include "score/scorer.h"
#include "tensor/matrix.h"

namespace incipit {

/// One example of a batch and the adapter that it is for.
struct WorkItem {
  const TemplatedExample* example = nullptr;
  std::size_t adapter = 0;  // index into the adapters of the call
  std::uint64_t key = 0;    // of the example, for dropout
};

/// Runs examples of any mix of adapters through the backbone in one packed batch, up to the features that
/// their scorers read, and back. Keeps its memory; one per thread.
class PackedRun {
 public:
  /// The backbone must outlive it.
  explicit PackedRun(const Backbone& backbone);

  /// Takes from it what enters the layer where a late prompt joins, in place of running the layers below,
  /// whose dropout then does not act. It must be of the same model and outlive this.
  void use(LowerLayers* lower_layers) { lower_layers_ = lower_layers; }

  /// features becomes [items, width], in the order of the items; scorers of less than the widest one's width
  /// leave the rest of their rows 0.
  Status forward(std::span<const Adapter* const> adapters, std::span<const WorkItem> items, const Want& want,
                 Matrix& features);

  /// After a traced forward() of the same adapters: hands each prompt its gradient. d_features: [items,
  /// width].
  void backward(std::span<Adapter* const> adapters, ConstMatrixView d_features);

  /// How many of their first tokens any two of an adapter's examples share, where forward() runs these once
  /// a batch; else 0.
  std::int64_t shared_tokens(const Adapter& adapter, std::span<const TemplatedExample> examples) const;

  /// Tokens of the last batch, virtual ones included.
  std::int64_t tokens() const { return batch_.size(); }

 private:
  /// What is read for one adapter's items.
  struct Reading {
    std::vector<std::size_t> items;
    std::vector<RowRange> ranges;  // [items] of read rows
    std::unique_ptr<ReadPass> pass;
    Matrix features, d_features;  // [items, its width]
  };

  /// What is run of one item.
  struct Planned {
    ReadPlan plan;
    std::int64_t shared = 0;     // its first tokens, which stand in the sequence that it continues
    std::int64_t layer = 0;      // where its words resume; 0: they start at the embeddings
    std::int64_t first_row = 0;  // of its words in lower_rows_, where they resume
  };

  void plan(std::span<const Adapter* const> adapters, std::span<const WorkItem> items);
  /// Fills lower_rows_, of the items whose words resume.
  Status resume(std::span<const WorkItem> items);
  void pack(std::span<const Adapter* const> adapters, std::span<const WorkItem> items, bool may_share);
  /// Causal backbones run the leading tokens that an adapter's items share once, as a sequence that these
  /// continue.
  void share_leading_tokens(std::size_t adapter, std::span<const WorkItem> items);
  /// Appends tokens [begin, end) of an example as a sequence and those of `rows` that are read.
  void append(const TemplatedExample& example, std::int64_t begin, std::int64_t end,
              std::span<const std::int64_t> rows, std::int64_t first_row, std::uint64_t key,
              std::int64_t parent);
  /// The same of an item whose words may resume.
  void append(const WorkItem& item, const Planned& planned, std::int64_t begin, std::int64_t end,
              std::span<const std::int64_t> rows, std::int64_t parent);

  const Backbone& backbone_;
  LowerLayers* lower_layers_ = nullptr;
  std::unique_ptr<Pass> pass_;
  PackedBatch batch_;
  std::vector<Planned> planned_;         // [items]
  std::vector<Reading> readings_;        // [adapters]
  std::vector<std::int64_t> first_row_;  // [adapters] of virtual rows
  Matrix virtual_rows_, d_virtual_rows_, read_rows_, d_read_rows_;
  Matrix lower_rows_, resumed_rows_;        // [words that resume, hidden]: of the items, of the batch
  std::vector<std::int64_t> resumed_from_;  // rows of lower_rows_, in the order of the batch
};

}  // namespace incipit
