#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "incipit/head_input.h"
#include "incipit/result.h"

#include "backbone/architecture.h"
#include "prompt/template.h"
#include "score/pooling.h"
#include "score/trained_linear.h"
#include "tensor/matrix.h"

namespace incipit {

/// What the backward pass of a head needs; reused from batch to batch, one per thread.
struct HeadPass {
  std::vector<std::uint64_t> drop_keys;  // [examples]; empty: dropout off
  Matrix input, dense, active, logits;   // [examples, …]
};

/// A sequence classification head as the model's family has it (HeadSpec), reading one vector an example.
/// `mean` under a frozen dense layer (a BERT's pooler, which was made for [CLS]) goes to the output layer
/// directly.
class ClassifierHead {
 public:
  /// As the checkpoint has it where the number of labels fits, else drawn by the seed: weights N(0,
  /// initializer_range), biases 0.
  static ClassifierHead create(const HeadWeights& weights, HeadInput input, std::int64_t num_labels,
                               std::uint64_t seed);
  ClassifierHead clone() const;

  std::int64_t num_labels() const { return output_.out_features(); }
  std::int64_t hidden_size() const { return hidden_size_; }
  HeadInput input() const { return input_; }

  /// Adds the rows of the example's sequence to read, rising.
  void plan(const TemplatedExample& example, std::vector<std::int64_t>& rows) const;

  /// vectors: [examples, hidden], pooled from the rows that plan() names. pass.logits becomes [examples,
  /// labels]. Empty drop_keys: no dropout.
  void forward(ConstMatrixView vectors, std::span<const std::uint64_t> drop_keys, HeadPass& pass) const;
  /// Adds to the parameters' gradients; d_vectors becomes [examples, hidden]. d_logits: [examples, labels].
  void backward(const Matrix& d_logits, const HeadPass& pass, Matrix& d_vectors);

  /// Trained ones, named as in the family's classification model ("classifier.dense.weight", …).
  std::vector<Parameter*> parameters();
  std::vector<const Parameter*> parameters() const;

 private:
  ClassifierHead(HeadSpec spec, HeadInput input, std::int64_t hidden_size, std::optional<TrainedLinear> dense,
                 TrainedLinear output);

  HeadSpec spec_;
  HeadInput input_;
  std::int64_t hidden_size_;
  std::optional<TrainedLinear> dense_;  // frozen where spec_.dense_is_frozen
  TrainedLinear output_;
};

}  // namespace incipit
