#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "incipit/precision.h"
#include "incipit/train.h"

#include "infer/packed_run.h"
#include "prompt/template.h"
#include "score/loss.h"
#include "score/scorer.h"
#include "tune/adamw.h"

namespace incipit {

/// Tokens of a micro-batch where nobody says: what costs at most some percent of speed.
std::int64_t default_micro_batch(Precision precision);

/// Takes training steps on one adapter. What it is given must outlive it.
class Trainer {
 public:
  Trainer(const Model& model, Adapter& adapter, const TrainOptions& options,
          std::vector<double> class_weights);

  /// Sets the features of the examples, [examples, hidden], where nothing trained stands below them: steps
  /// then run the scorer only.
  void use_features(const Matrix& features) { features_ = &features; }

  /// Late prompts' lower layers are then taken from there.
  void use(LowerLayers* lower_layers) { run_.use(lower_layers); }

  /// The mean loss of a batch and its gradients, which are left in the parameters. `batch` indexes examples
  /// and labels; `step` (0-based) draws the dropout masks.
  Result<double> gradients(std::span<const TemplatedExample> examples, std::span<const int> labels,
                           std::span<const std::size_t> batch, std::int64_t step);

  /// Clips and applies them, and returns their norm.
  double apply(double schedule_factor);

  std::int64_t tokens() const { return tokens_; }  // of the last batch

 private:
  /// Loss of a part of a batch, given the features that its heads read; d_features_ becomes their gradient.
  WeightedSum score(const Matrix& features, std::span<const int> labels, std::span<const std::uint64_t> keys,
                    double batch_weight);
  Result<WeightedSum> run(std::span<const TemplatedExample> examples, std::span<const std::size_t> part,
                          std::span<const int> part_labels, std::int64_t step, double batch_weight);

  Adapter& adapter_;
  const TrainOptions& options_;
  std::int64_t max_batch_tokens_;
  std::vector<double> class_weights_;
  AdamW optimizer_;
  PackedRun run_;
  bool scores_words_;                  // the loss is that of Loss::vocabulary
  std::vector<std::int64_t> targets_;  // [labels]; see Scorer
  const Matrix* features_ = nullptr;
  ScorePass score_pass_;
  Matrix batch_features_, d_logits_, d_features_;
  std::int64_t tokens_ = 0;
};

}  // namespace incipit
