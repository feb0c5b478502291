#include "score/verbalizer.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace incipit {
namespace {

struct VerbalizerPass : ReadPass {
  Matrix rows, d_rows;  // [examples * rows of each, hidden]
  std::vector<LmTarget> targets;
  std::vector<float> log_probabilities, d_log_probabilities;
  LmHeadPass head;
};

/// The example with `blanks` of its blank in a row.
TemplatedExample with_blanks(const TemplatedExample& example, std::int64_t blanks, const PositionRule& rule) {
  TemplatedExample widened = example;
  const auto repeat = [&](auto& values) {
    const auto blank = values[static_cast<std::size_t>(example.mask)];
    values.insert(values.begin() + example.mask, static_cast<std::size_t>(blanks - 1), blank);
  };
  repeat(widened.token);
  repeat(widened.token_type);
  repeat(widened.entry);
  number_positions(widened, rule);
  return widened;
}

/// What the example is continued by, as a sequence of its own.
TemplatedExample continuation(const TemplatedExample& example, const std::vector<std::int32_t>& ids) {
  TemplatedExample next;
  next.token = ids;
  next.token_type.assign(ids.size(), 0);
  next.entry.assign(ids.size(), 0);
  const std::int32_t last = *std::max_element(example.position.begin(), example.position.end());
  for (std::size_t i = 0; i < ids.size(); ++i)
    next.position.push_back(last + 1 + static_cast<std::int32_t>(i));
  return next;
}

}  // namespace

Verbalizer::Verbalizer(const LmHead& head, const PositionRule& positions, bool is_causal, LabelWords words,
                       WordScore word_score, std::vector<double> bias)
    : head_(&head),
      positions_(positions),
      is_causal_(is_causal),
      words_(std::move(words)),
      word_score_(word_score),
      bias_(std::move(bias)) {
  if (word_score_ == WordScore::first)
    for (auto& label : words_)
      for (LabelWord& word : label) word.ids.resize(1);
  std::size_t count = 0;
  for (const auto& label : words_) count += label.size();
  places_.resize(count);

  // The example's own row tells the first token of every causal word, and masked words of one token.
  const auto own = [&](const LabelWord& word) { return is_causal_ || word.ids.size() == 1; };
  for (const auto& label : words_) reads_own_blank_ |= std::any_of(label.begin(), label.end(), own);
  rows_ = reads_own_blank_ ? 1 : 0;
  std::map<std::vector<std::int32_t>, std::int64_t> beginnings;  // causal: their first row
  std::map<std::size_t, std::int64_t> widths;                    // masked: the first row of so many blanks
  std::size_t w = 0;
  for (const auto& label : words_)
    for (const LabelWord& word : label) {
      std::vector<Place>& places = places_[w++];
      std::int64_t first = 0;
      if (word.ids.size() > 1) {
        const std::vector<std::int32_t> beginning(word.ids.begin(), word.ids.end() - 1);
        const auto [known, is_new] =
            is_causal_ ? beginnings.try_emplace(beginning, rows_) : std::pair(beginnings.end(), false);
        if (is_causal_) {
          first = known->second;
          if (is_new) rows_ += place_words_after(beginning);
        } else {
          const auto [width, is_new_width] = widths.try_emplace(word.ids.size(), rows_);
          first = width->second;
          if (is_new_width) rows_ += place_words_in(std::ssize(word.ids));
        }
      }
      for (std::size_t t = 0; t < word.ids.size(); ++t) {
        const std::int64_t place = static_cast<std::int64_t>(t);
        const std::int64_t row = is_causal_ ? (t == 0 ? 0 : first + place - 1) : first + place;
        places.push_back({row, word.ids[t]});
      }
    }
}

std::int64_t Verbalizer::place_words_after(const std::vector<std::int32_t>& beginning) {
  extensions_.push_back({beginning, 0});
  return std::ssize(beginning);
}

std::int64_t Verbalizer::place_words_in(std::int64_t blanks) {
  extensions_.push_back({{}, blanks});
  return blanks;
}

std::int64_t Verbalizer::targets_of(int label) const {
  if (word_score_ != WordScore::sequence) return 1;
  std::size_t most = 1;
  for (const LabelWord& word : words_[static_cast<std::size_t>(label)])
    most = std::max(most, word.ids.size());
  return static_cast<std::int64_t>(most);
}

std::int64_t Verbalizer::extra_tokens() const {
  std::int64_t most = 0;
  for (const Extension& extension : extensions_)
    most = std::max(most, is_causal_ ? std::ssize(extension.ids) : extension.blanks - 1);
  return most;
}

void Verbalizer::plan(const TemplatedExample& example, ReadPlan& plan) const {
  plan.clear();
  if (reads_own_blank_) plan.rows.push_back(example.mask);
  for (const Extension& extension : extensions_) {
    ReadPlan::Extra extra;
    extra.continues = is_causal_;
    extra.example = is_causal_ ? continuation(example, extension.ids)
                               : with_blanks(example, extension.blanks, positions_);
    const std::int64_t first = is_causal_ ? 0 : example.mask;
    const std::int64_t count = is_causal_ ? std::ssize(extension.ids) : extension.blanks;
    for (std::int64_t i = 0; i < count; ++i) extra.rows.push_back(first + i);
    plan.extras.push_back(std::move(extra));
  }
}

std::unique_ptr<ReadPass> Verbalizer::new_read_pass() const {
  return std::make_unique<VerbalizerPass>();
}

void Verbalizer::read(ConstMatrixView rows, std::span<const RowRange> ranges, ReadPass& opaque,
                      Matrix& features) const {
  auto& pass = static_cast<VerbalizerPass&>(opaque);
  const std::int64_t count = std::ssize(ranges);
  pass.rows.resize(count * rows_, rows.cols);
  pass.targets.clear();
  for (std::int64_t e = 0; e < count; ++e) {
    for (std::int64_t r = 0; r < rows_; ++r)
      std::copy_n(rows.row(ranges[static_cast<std::size_t>(e)].first + r), rows.cols,
                  pass.rows.row(e * rows_ + r));
    for (const std::vector<Place>& places : places_)
      for (const Place& place : places) pass.targets.push_back({e * rows_ + place.row, place.id});
  }
  pass.log_probabilities.resize(pass.targets.size());
  head_->log_probabilities(std::as_const(pass.rows).view(), pass.targets, pass.head, pass.log_probabilities);
  features.resize(count, feature_width());
  std::size_t t = 0;
  for (std::int64_t e = 0; e < count; ++e)
    for (std::size_t w = 0; w < places_.size(); ++w) {
      double sum = 0;
      for (std::size_t i = 0; i < places_[w].size(); ++i)
        sum += static_cast<double>(pass.log_probabilities[t++]);
      if (word_score_ == WordScore::mean) sum /= static_cast<double>(places_[w].size());
      features.row(e)[w] = static_cast<float>(sum);
    }
}

void Verbalizer::read_backward(ConstMatrixView d_features, std::span<const RowRange> ranges, ReadPass& opaque,
                               MatrixView d_rows) const {
  auto& pass = static_cast<VerbalizerPass&>(opaque);
  pass.d_log_probabilities.clear();
  for (std::int64_t e = 0; e < d_features.rows; ++e)
    for (std::size_t w = 0; w < places_.size(); ++w) {
      const auto tokens = static_cast<float>(places_[w].size());
      const float gradient = d_features.row(e)[w] / (word_score_ == WordScore::mean ? tokens : 1.0f);
      pass.d_log_probabilities.insert(pass.d_log_probabilities.end(), places_[w].size(), gradient);
    }
  pass.d_rows.resize(pass.rows.rows(), pass.rows.cols());
  head_->log_probabilities_backward(pass.targets, pass.d_log_probabilities, pass.head, pass.d_rows.view());
  for (std::int64_t e = 0; e < d_features.rows; ++e)
    for (std::int64_t r = 0; r < rows_; ++r)
      std::copy_n(pass.d_rows.row(e * rows_ + r), d_rows.cols,
                  d_rows.row(ranges[static_cast<std::size_t>(e)].first + r));
}

double Verbalizer::log_weight(std::size_t label, std::size_t word) const {
  double sum = 0;
  for (const LabelWord& other : words_[label]) sum += other.weight;
  return std::log(words_[label][word].weight / sum);
}

void Verbalizer::forward(ConstMatrixView features, std::span<const std::uint64_t> /*drop_keys*/,
                         ScorePass& pass) const {
  pass.input.resize(features.rows, features.cols);
  pass.logits.resize(features.rows, num_labels());
  for (std::int64_t e = 0; e < features.rows; ++e) {
    std::copy_n(features.row(e), features.cols, pass.input.row(e));
    const float* feature = features.row(e);
    for (std::size_t label = 0; label < words_.size(); ++label) {
      double largest = -INFINITY, sum = 0;
      for (std::size_t w = 0; w < words_[label].size(); ++w)
        largest = std::max(largest, static_cast<double>(feature[w]) + log_weight(label, w));
      for (std::size_t w = 0; w < words_[label].size(); ++w)
        sum += std::exp(static_cast<double>(feature[w]) + log_weight(label, w) - largest);
      feature += words_[label].size();
      const double bias = bias_.empty() ? 0 : bias_[label];
      pass.logits.row(e)[label] = static_cast<float>(largest + std::log(sum) - bias);
    }
  }
}

void Verbalizer::backward(const Matrix& d_logits, const ScorePass& pass, Matrix& d_features) {
  d_features.resize(d_logits.rows(), feature_width());
  for (std::int64_t e = 0; e < d_logits.rows(); ++e) {
    std::size_t w = 0;
    for (std::size_t label = 0; label < words_.size(); ++label) {
      const double bias = bias_.empty() ? 0 : bias_[label];
      const double score = static_cast<double>(pass.logits.row(e)[label]) + bias;
      for (std::size_t i = 0; i < words_[label].size(); ++i, ++w) {
        const double share =
            std::exp(static_cast<double>(pass.input.row(e)[w]) + log_weight(label, i) - score);
        d_features.row(e)[w] = d_logits.row(e)[label] * static_cast<float>(share);
      }
    }
  }
}

}  // namespace incipit
