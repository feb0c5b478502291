#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "incipit/activation_cache.h"
#include "incipit/model.h"

#include "backbone/backbone.h"
#include "engine/packed_batch.h"
#include "infer/activation_cache.h"
#include "prompt/templated_example.h"
#include "tensor/matrix.h"

namespace incipit {

/// Tokens of an example that are no virtual ones: what its lower layers work on.
std::int64_t count_words(const TemplatedExample& example);

/// The layer at which all of an example's virtual tokens join, where that is above the embeddings and there
/// are words; else 0. What the words are below that layer depends on them alone.
std::int64_t layer_of_prompt(const TemplatedExample& example);

/// Gives the hidden states of texts at the layer where their prompt joins: from the cache, else by running
/// the layers below. Rows are rounded as the cache keeps them in both cases, and those that are run do not
/// depend on what is run with them, so both give the same bits. Keeps its memory; one per thread.
class LowerLayers {
 public:
  /// The model must outlive it. `warn` is told where the cache cannot be used, or is full.
  LowerLayers(const Model& model, ActivationCacheOptions options,
              std::function<void(const std::string&)> warn);

  struct Item {
    const TemplatedExample* example = nullptr;
    std::int64_t layer = 0;      // above the embeddings
    std::int64_t first_row = 0;  // of its words in `rows`
  };
  /// Fills the items' parts of rows, [words of all, hidden].
  Status rows_at(std::span<const Item> items, MatrixView rows);

  const ActivationCacheUse& use() const { return use_; }

 private:
  struct Missing {
    Item item;
    ActivationKey key;
    std::int64_t words = 0;
  };

  Status run(std::span<const Missing> missing, MatrixView rows);
  void pack(std::span<const Missing> missing);

  const Backbone& backbone_;
  ActivationCache cache_;
  std::unique_ptr<Pass> pass_;
  PackedBatch batch_;
  Matrix hidden_;
  ActivationCacheUse use_;
};

}  // namespace incipit
