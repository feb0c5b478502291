#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "prompt/template.h"
#include "score/pooling.h"
#include "tensor/matrix.h"
#include "tensor/parameter.h"

namespace incipit {

/// Which rows of the last layer an example's score is read from.
struct ReadPlan {
  /// A sequence that is run besides the example's own.
  struct Extra {
    TemplatedExample example;
    bool continues = false;          // it goes on where the example's own sequence ends (causal backbones)
    std::vector<std::int64_t> rows;  // of it, rising
  };

  std::vector<std::int64_t> rows;  // of the example's own sequence, rising
  std::vector<Extra> extras;

  void clear() {
    rows.clear();
    extras.clear();
  }
};

/// What the gradient of reading needs; a scorer knows its own kind. One per thread, reused from batch to
/// batch.
struct ReadPass {
  virtual ~ReadPass() = default;
};

/// What the gradient of scoring needs, and its result.
struct ScorePass {
  std::vector<std::uint64_t> drop_keys;  // [examples]; empty: dropout off
  Matrix input, dense, active;           // [examples, …]
  Matrix logits;                         // [examples, labels]
};

/// Turns what the backbone computed for an example into a score of each label, in two steps: reading makes
/// features of hidden rows by frozen weights, scoring makes logits of features by what is trained. Features
/// can therefore be kept where nothing below them is trained.
class Scorer {
 public:
  virtual ~Scorer() = default;
  virtual std::unique_ptr<Scorer> clone() const = 0;

  virtual std::int64_t num_labels() const = 0;
  /// Features of an example.
  virtual std::int64_t feature_width() const = 0;

  /// What a label's score is the log-probability of, in tokens: of the loss, which is a mean over tokens.
  virtual std::int64_t targets_of(int /*label*/) const { return 1; }
  /// Tokens that an example needs at most besides its own.
  virtual std::int64_t extra_tokens() const { return 0; }

  /// Sets what has to be read of the example; rows of the extras follow the example's own, in their order.
  virtual void plan(const TemplatedExample& example, ReadPlan& plan) const = 0;

  virtual std::unique_ptr<ReadPass> new_read_pass() const = 0;
  /// rows: [rows, hidden] of a batch, of which `ranges` names those of each example, as planned. features
  /// becomes [examples, feature_width].
  virtual void read(ConstMatrixView rows, std::span<const RowRange> ranges, ReadPass& pass,
                    Matrix& features) const = 0;
  /// After read() of the same: sets those rows of d_rows that the ranges name.
  virtual void read_backward(ConstMatrixView d_features, std::span<const RowRange> ranges, ReadPass& pass,
                             MatrixView d_rows) const = 0;

  /// pass.logits becomes [examples, labels]. Empty drop_keys: no dropout.
  virtual void forward(ConstMatrixView features, std::span<const std::uint64_t> drop_keys,
                       ScorePass& pass) const = 0;
  /// Adds to the parameters' gradients; d_features becomes [examples, feature_width].
  virtual void backward(const Matrix& d_logits, const ScorePass& pass, Matrix& d_features) = 0;

  /// What is subtracted from the labels' scores; a trained head has a bias of its own. [labels], or empty.
  virtual void set_label_bias(std::vector<double> /*bias*/) {}

  /// The trained ones.
  virtual std::vector<Parameter*> parameters() = 0;
  std::vector<const Parameter*> parameters() const {
    const std::vector<Parameter*> own = const_cast<Scorer*>(this)->parameters();
    return {own.begin(), own.end()};
  }
};

}  // namespace incipit
