#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "incipit/head_input.h"
#include "incipit/result.h"

#include "backbone/architecture.h"
#include "score/scorer.h"
#include "score/trained_linear.h"
#include "tensor/matrix.h"

namespace incipit {

/// A sequence classification head as the model's family has it (HeadSpec), reading one vector an example: the
/// mean of the rows that HeadInput names. `mean` under a frozen dense layer (a BERT's pooler, which was made
/// for [CLS]) goes to the output layer directly.
class ClassifierHead : public Scorer {
 public:
  /// As the checkpoint has it where the number of labels fits, else drawn by the seed: weights N(0,
  /// initializer_range), biases 0.
  static ClassifierHead create(const HeadWeights& weights, HeadInput input, std::int64_t num_labels,
                               std::uint64_t seed);
  std::unique_ptr<Scorer> clone() const override;

  std::int64_t num_labels() const override { return output_.out_features(); }
  std::int64_t feature_width() const override { return hidden_size_; }

  void plan(const TemplatedExample& example, ReadPlan& plan) const override;
  std::unique_ptr<ReadPass> new_read_pass() const override { return std::make_unique<ReadPass>(); }
  void read(ConstMatrixView rows, std::span<const RowRange> ranges, ReadPass& pass,
            Matrix& features) const override;
  void read_backward(ConstMatrixView d_features, std::span<const RowRange> ranges, ReadPass& pass,
                     MatrixView d_rows) const override;
  void forward(ConstMatrixView features, std::span<const std::uint64_t> drop_keys,
               ScorePass& pass) const override;
  void backward(const Matrix& d_logits, const ScorePass& pass, Matrix& d_features) override;

  /// Named as in the family's classification model ("classifier.dense.weight", …).
  std::vector<Parameter*> parameters() override;
  using Scorer::parameters;

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
