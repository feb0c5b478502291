#include "score/lm_head.h"

#include <algorithm>

namespace incipit {
namespace {

constexpr std::int64_t kVocabularyBlock = 8192;
constexpr std::int64_t kRowBlock = 256;  // a padded row count, so that a block ends where the next begins

/// Calls body(first, count) for blocks of rows.
template <typename Body>
void for_row_blocks(std::int64_t rows, Body body) {
  for (std::int64_t first = 0; first < rows; first += kRowBlock)
    body(first, std::min(kRowBlock, rows - first));
}

/// Calls body(t, place in pass.logits) for the targets among some rows and words.
template <typename Body>
void for_targets(std::span<const LmTarget> targets, std::int64_t first_row, std::int64_t rows,
                 std::int64_t first_id, std::int64_t ids, Body body) {
  for (std::size_t t = 0; t < targets.size(); ++t) {
    const std::int64_t row = targets[t].row - first_row, id = targets[t].id - first_id;
    if (row >= 0 && row < rows && id >= 0 && id < ids) body(t, row * ids + id);
  }
}

}  // namespace

LmHead::LmHead(LmHeadWeights weights)
    : transform_(std::move(weights.transform)),
      activation_(weights.activation),
      norm_(std::move(weights.norm)),
      vocab_size_(weights.decoder.rows()),
      hidden_size_(weights.decoder.cols()) {
  const std::span<const float> bias(weights.bias);
  for (std::int64_t first = 0; first < vocab_size_; first += kVocabularyBlock) {
    const std::int64_t count = std::min(kVocabularyBlock, vocab_size_ - first);
    const auto part =
        bias.empty() ? bias : bias.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
    const ConstMatrixView rows(std::as_const(weights.decoder).row(first), count, hidden_size_, hidden_size_);
    blocks_.push_back({first, count, Linear(rows, part, weights.precision)});
  }
}

void LmHead::transform(ConstMatrixView rows, LmHeadPass& pass) const {
  const std::int64_t padded = padded_rows(rows.rows);
  Matrix& input = transform_ ? pass.input : pass.features;
  input.resize(padded, hidden_size_);
  for (std::int64_t i = 0; i < rows.rows; ++i) std::copy_n(rows.row(i), hidden_size_, input.row(i));
  if (!transform_) return;
  pass.dense.resize(padded, hidden_size_);
  pass.features.resize(padded, hidden_size_);
  pass.normalised.resize(rows.rows, hidden_size_);
  pass.inverse.resize(static_cast<std::size_t>(rows.rows));
  transform_->forward(input.data(), rows.rows, pass.dense.data());
  activate(activation_, pass.dense.data(), pass.features.data(), rows.rows * hidden_size_);
  layer_norm(norm_, pass.features.data(), nullptr, rows.rows, pass.features.data(), pass.normalised.data(),
             pass.inverse.data());
}

void LmHead::run_block(const Block& block, std::int64_t first, std::int64_t count, LmHeadPass& pass) const {
  pass.logits.resize(padded_rows(count), block.count);
  block.linear.forward(pass.features.row(first), count, pass.logits.data());
}

void LmHead::logits(ConstMatrixView rows, LmHeadPass& pass, Matrix& out) const {
  transform(rows, pass);
  out.resize(rows.rows, vocab_size_);
  for (const Block& block : blocks_)
    for_row_blocks(rows.rows, [&](std::int64_t first, std::int64_t count) {
      run_block(block, first, count, pass);
      for (std::int64_t i = 0; i < count; ++i)
        std::copy_n(pass.logits.row(i), block.count, out.row(first + i) + block.first);
    });
}

void LmHead::log_probabilities_of(const Block& block, std::int64_t first, std::int64_t count,
                                  std::span<const LmTarget> targets, LmHeadPass& pass,
                                  std::span<float> out) const {
  run_block(block, first, count, pass);
  add_to_log_sums(pass.logits.data(), count, block.count, pass.sums.data() + first);
  for_targets(targets, first, count, block.first, block.count,
              [&](std::size_t t, std::int64_t at) { out[t] = pass.logits.data()[at]; });
}

void LmHead::log_probabilities(ConstMatrixView rows, std::span<const LmTarget> targets, LmHeadPass& pass,
                               std::span<float> out) const {
  transform(rows, pass);
  pass.sums.assign(static_cast<std::size_t>(rows.rows), {});
  for (const Block& block : blocks_)
    for_row_blocks(rows.rows, [&](std::int64_t first, std::int64_t count) {
      log_probabilities_of(block, first, count, targets, pass, out);
    });
  pass.log_sums.clear();
  for (const LogSum& sum : pass.sums) pass.log_sums.push_back(static_cast<float>(sum.value()));
  for (std::size_t t = 0; t < targets.size(); ++t)
    out[t] = static_cast<float>(static_cast<double>(out[t]) -
                                pass.sums[static_cast<std::size_t>(targets[t].row)].value());
}

/// The gradient by a row's logits is Σ d_out (1 at the target - the softmax).
void LmHead::backward_of(const Block& block, std::int64_t first, std::int64_t count,
                         std::span<const LmTarget> targets, std::span<const float> d_out,
                         LmHeadPass& pass) const {
  run_block(block, first, count, pass);
  scaled_softmax(pass.logits.data(), count, block.count, pass.log_sums.data() + first,
                 pass.scales.data() + first);
  for_targets(targets, first, count, block.first, block.count,
              [&](std::size_t t, std::int64_t at) { pass.logits.data()[at] += d_out[t]; });
  block.linear.backward_input(pass.logits.data(), count, pass.d_features.row(first), block.first > 0);
}

void LmHead::log_probabilities_backward(std::span<const LmTarget> targets, std::span<const float> d_out,
                                        LmHeadPass& pass, MatrixView d_rows) const {
  const std::int64_t rows = d_rows.rows;
  pass.scales.assign(static_cast<std::size_t>(rows), 0.0f);
  for (std::size_t t = 0; t < targets.size(); ++t)
    pass.scales[static_cast<std::size_t>(targets[t].row)] -= d_out[t];
  pass.d_features.resize(padded_rows(rows), hidden_size_);
  for (const Block& block : blocks_)
    for_row_blocks(rows, [&](std::int64_t first, std::int64_t count) {
      backward_of(block, first, count, targets, d_out, pass);
    });
  Matrix* gradient = &pass.d_features;
  if (transform_) {
    layer_norm_backward(norm_, gradient->data(), pass.normalised.data(), pass.inverse.data(), rows,
                        gradient->data());
    activate_backward(activation_, pass.dense.data(), gradient->data(), gradient->data(),
                      rows * hidden_size_);
    pass.d_dense.resize(padded_rows(rows), hidden_size_);
    transform_->backward_input(gradient->data(), rows, pass.d_dense.data(), false);
    gradient = &pass.d_dense;
  }
  for (std::int64_t i = 0; i < rows; ++i) std::copy_n(gradient->row(i), hidden_size_, d_rows.row(i));
}

}  // namespace incipit
