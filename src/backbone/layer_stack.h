#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "backbone/backbone.h"
#include "backbone/embedding_table.h"
#include "backbone/layer_rows.h"
#include "engine/stage_plan.h"
#include "tensor/matrix.h"

namespace incipit {

/// What a pass keeps whatever the layers are: the plan of its batch, and the rows in flight.
struct StackPass : Pass {
  std::vector<Stage> stages;
  std::vector<LayerRows> rows;       // [layers]; of those that run
  std::int64_t lowest_gradient = 0;  // layer of the lowest virtual token; num_layers: there is none
  bool traced = false;
  std::optional<DropoutKey> dropout;
  Matrix* attention = nullptr;          // see Want
  std::span<KvBlock* const> keep_kv{};  // see Want
  Matrix hidden, next;  // [padded rows, hidden]: the rows in flight, or their gradient; and room for the next

  /// The layer's row of it, empty where it is not wanted.
  std::span<float> attention_of(std::int64_t layer) const {
    if (attention == nullptr) return {};
    return {attention->row(layer), static_cast<std::size_t>(attention->cols())};
  }
  /// The lowest layer that backward() will pass through, if it will be called.
  std::optional<std::int64_t> first_kept() const {
    return traced ? std::optional(lowest_gradient) : std::nullopt;
  }
};

/// The run of a batch through embeddings and a stack of layers, and back: who joins where, and which rows
/// each layer works on. What the embeddings and the layers compute is the derived class's.
class LayerStack : public Backbone {
 public:
  const BackboneSpec& spec() const final { return spec_; }
  Status forward(const PackedBatch& batch, const Inputs& inputs, const Want& want, Pass& pass,
                 Matrix& read_rows) const final;
  void backward(const PackedBatch& batch, Pass& pass, ConstMatrixView d_read_rows,
                MatrixView d_virtual_rows) const final;
  Status hidden_states(const PackedBatch& batch, const Inputs& inputs, std::int64_t layer, Pass& pass,
                       Matrix& hidden) const final;

 protected:
  explicit LayerStack(BackboneSpec spec) : spec_(std::move(spec)) {}

  /// Of a batch whose ids and rows are known to be in range.
  virtual Status check_positions(const PackedBatch& batch) const = 0;
  /// Called once a pass, before anything is computed.
  virtual void prepare(const PackedBatch& batch, StackPass& pass) const = 0;
  /// pass.hidden becomes the rows that enter layer 0.
  virtual void embed(const PackedBatch& batch, const Inputs& inputs, const Stage& stage,
                     StackPass& pass) const = 0;
  /// pass.hidden: from the gradient by these to that by the word embeddings and virtual rows.
  virtual void embed_backward(const PackedBatch& batch, const Stage& stage, StackPass& pass) const = 0;
  /// pass.hidden: from what enters the layer to what leaves it, of the rows that go out; and back.
  virtual void run_layer(std::int64_t layer, const PackedBatch& batch, const Stage& stage,
                         StackPass& pass) const = 0;
  virtual void run_layer_backward(std::int64_t layer, const Stage& stage, StackPass& pass) const = 0;
  /// What follows the last layer: `rows` of pass.hidden, and back.
  virtual void finish(std::int64_t rows, StackPass& pass) const = 0;
  virtual void finish_backward(std::int64_t rows, StackPass& pass) const = 0;
  /// Keys that a layer's queries attend to; 0: all.
  virtual std::int64_t attention_window(std::int64_t layer) const = 0;

  /// out becomes the word's embedding or the virtual row that the batch's token stands for.
  static void copy_input_row(const PackedBatch& batch, const Inputs& inputs, const EmbeddingTable& words,
                             std::int64_t token, std::span<float> out) {
    const std::int64_t id = batch.token[static_cast<std::size_t>(token)];
    if (id >= 0)
      words.copy_row(id, out);
    else
      std::copy_n(inputs.virtual_rows.row(-1 - id), out.size(), out.data());
  }
  /// Dropout keys of the rows of a stage; layer 0 is the embeddings, layer l's are those of l + 1.
  static std::vector<std::uint64_t> dropout_keys(const PackedBatch& batch, const Stage& stage,
                                                 const DropoutKey& key, std::uint64_t layer);

 private:
  Status check_tokens(const PackedBatch& batch, const Inputs& inputs) const;
  Status check_kv(const PackedBatch& batch, const Inputs& inputs, const Want& want) const;
  Status plan(const PackedBatch& batch, const Inputs& inputs, const Want& want, std::int64_t end_layer,
              StackPass& pass) const;
  void plan_rows(const PackedBatch& batch, const Inputs& inputs, std::int64_t end_layer,
                 StackPass& pass) const;
  void run(const PackedBatch& batch, const Inputs& inputs, std::int64_t end_layer, StackPass& pass) const;
  void enter(const PackedBatch& batch, const Inputs& inputs, const Stage& stage, StackPass& pass) const;
  void leave(const PackedBatch& batch, const Stage& stage, StackPass& pass, MatrixView d_virtual_rows) const;

  BackboneSpec spec_;
};

}  // namespace incipit
