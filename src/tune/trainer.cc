#include "tune/trainer.h"

#include <algorithm>

#include "base/rng.h"
#include "infer/micro_batches.h"
#include "prompt/prompt_method.h"

namespace incipit {
namespace {

constexpr std::uint64_t kHeadDropout = 0x68656164;  // apart from the layers' masks

}  // namespace

std::int64_t default_micro_batch(Precision precision) {
  return precision == Precision::int8 ? 1024 : 768;  // docs/performance.md, "Micro-batches"
}

Trainer::Trainer(const Model& model, Adapter& adapter, const TrainOptions& options,
                 std::vector<double> class_weights)
    : adapter_(adapter),
      options_(options),
      max_batch_tokens_(options.max_batch_tokens.value_or(default_micro_batch(model.info().precision))),
      class_weights_(std::move(class_weights)),
      optimizer_(options.weight_decay),
      run_(model.backbone()),
      scores_words_(!adapter.info().verbalizer.empty() && options.loss == Loss::vocabulary) {
  for (int label = 0; label < static_cast<int>(adapter.info().labels.size()); ++label)
    targets_.push_back(adapter.scorer().targets_of(label));
  for (Parameter* parameter : adapter_.prompt().parameters())
    optimizer_.add(*parameter, options_.learning_rate);
  const double head_rate = options_.head_learning_rate.value_or(options_.learning_rate);
  for (Parameter* parameter : adapter_.scorer().parameters()) optimizer_.add(*parameter, head_rate);
}

WeightedSum Trainer::score(const Matrix& features, std::span<const int> labels,
                           std::span<const std::uint64_t> keys, double batch_weight) {
  Scorer& scorer = adapter_.scorer();
  scorer.forward(features.view(), keys, score_pass_);
  d_logits_.resize(score_pass_.logits.rows(), score_pass_.logits.cols());
  const ConstMatrixView logits = std::as_const(score_pass_.logits).view();
  const WeightedSum loss =
      scores_words_
          ? negative_log_likelihood(logits, labels, class_weights_, targets_, batch_weight, d_logits_.view())
          : cross_entropy(logits, labels, class_weights_, batch_weight, d_logits_.view());
  scorer.backward(d_logits_, score_pass_, d_features_);
  return loss;
}

Result<WeightedSum> Trainer::run(std::span<const TemplatedExample> examples,
                                 std::span<const std::size_t> part, std::span<const int> part_labels,
                                 std::int64_t step, double batch_weight) {
  std::vector<std::uint64_t> keys;
  Want want;
  want.trace = adapter_.prompt().rows() > 0;
  if (options_.dropout) {
    want.dropout = DropoutKey{options_.seed, static_cast<std::uint64_t>(step)};
    for (const std::size_t e : part)
      keys.push_back(
          mix_bits(mix_bits(mix_bits(options_.seed, kHeadDropout), static_cast<std::uint64_t>(step)), e));
  }
  if (features_ != nullptr) {
    batch_features_.resize(static_cast<std::int64_t>(part.size()), features_->cols());
    for (std::size_t i = 0; i < part.size(); ++i)
      std::copy_n(features_->row(static_cast<std::int64_t>(part[i])), features_->cols(),
                  batch_features_.row(static_cast<std::int64_t>(i)));
    return score(batch_features_, part_labels, keys, batch_weight);
  }
  std::vector<WorkItem> items;
  for (const std::size_t e : part) items.push_back({&examples[e], 0, e});
  const Adapter* const for_reading[] = {&adapter_};
  Adapter* const for_writing[] = {&adapter_};
  INCIPIT_CHECK(run_.forward(for_reading, items, want, batch_features_));
  const WeightedSum loss = score(batch_features_, part_labels, keys, batch_weight);
  run_.backward(for_writing, std::as_const(d_features_).view());
  return loss;
}

Result<double> Trainer::gradients(std::span<const TemplatedExample> examples, std::span<const int> labels,
                                  std::span<const std::size_t> batch, std::int64_t step) {
  optimizer_.clear_gradients();
  std::vector<std::int64_t> sizes;
  std::vector<int> batch_labels;
  double batch_weight = 0;
  tokens_ = 0;
  for (const std::size_t e : batch) {
    sizes.push_back(examples[e].size());
    tokens_ += examples[e].size();
    batch_labels.push_back(labels[e]);
    const auto label = static_cast<std::size_t>(labels[e]);
    const double targets = scores_words_ ? static_cast<double>(targets_[label]) : 1.0;
    batch_weight += targets * (class_weights_.empty() ? 1.0 : class_weights_[label]);
  }
  if (!(batch_weight > 0)) return 0.0;  // only classes of weight 0
  WeightedSum loss;
  for (const IndexRange& range : split_by_size(sizes, max_batch_tokens_)) {
    const std::size_t count = range.end - range.begin;
    INCIPIT_TRY(const WeightedSum part,
                run(examples, batch.subspan(range.begin, count),
                    std::span(batch_labels).subspan(range.begin, count), step, batch_weight));
    loss += part;
  }
  return loss.mean();
}

double Trainer::apply(double schedule_factor) {
  const double norm = optimizer_.gradient_norm();
  if (options_.clip > 0) optimizer_.clip_gradients(norm, options_.clip);
  optimizer_.step(schedule_factor);
  return norm;
}

}  // namespace incipit
