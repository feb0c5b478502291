#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "incipit/word_score.h"

#include "score/label_words.h"
#include "score/lm_head.h"
#include "score/scorer.h"

namespace incipit {

/// Scores a label by the probability that the model's own language-model head gives its words in the
/// template's blank (Schick and Schütze 2021). Nothing of it is trained. A feature is the log-probability of
/// a word, over the whole vocabulary; a label's score is that of the weighted mean of its words'
/// probabilities, less its bias.
///
/// Words of several tokens: a causal model is given the word's first tokens as a continuation of the example;
/// a masked one as many blanks as the word has tokens, in a sequence besides the example's own.
class Verbalizer : public Scorer {
 public:
  /// The head must outlive it. `bias`: [labels], or empty for none.
  Verbalizer(const LmHead& head, const PositionRule& positions, bool is_causal, LabelWords words,
             WordScore word_score, std::vector<double> bias);
  std::unique_ptr<Scorer> clone() const override { return std::make_unique<Verbalizer>(*this); }

  std::int64_t num_labels() const override { return static_cast<std::int64_t>(words_.size()); }
  std::int64_t feature_width() const override { return static_cast<std::int64_t>(places_.size()); }
  std::int64_t targets_of(int label) const override;
  std::int64_t extra_tokens() const override;

  void plan(const TemplatedExample& example, ReadPlan& plan) const override;
  std::unique_ptr<ReadPass> new_read_pass() const override;
  void read(ConstMatrixView rows, std::span<const RowRange> ranges, ReadPass& pass,
            Matrix& features) const override;
  void read_backward(ConstMatrixView d_features, std::span<const RowRange> ranges, ReadPass& pass,
                     MatrixView d_rows) const override;
  void forward(ConstMatrixView features, std::span<const std::uint64_t> drop_keys,
               ScorePass& pass) const override;
  void backward(const Matrix& d_logits, const ScorePass& pass, Matrix& d_features) override;

  void set_label_bias(std::vector<double> bias) override { bias_ = std::move(bias); }
  std::vector<Parameter*> parameters() override { return {}; }
  using Scorer::parameters;

 private:
  /// A token of a word, and which of an example's rows tells it.
  struct Place {
    std::int64_t row = 0;
    std::int32_t id = 0;
  };
  /// Blanks, of a masked model, or a beginning, of a causal one, that words need besides the example itself.
  struct Extension {
    std::vector<std::int32_t> ids;  // causal: what the example is continued by
    std::int64_t blanks = 0;        // masked: in place of the one
  };

  std::int64_t place_words_after(const std::vector<std::int32_t>& beginning);
  std::int64_t place_words_in(std::int64_t blanks);
  double log_weight(std::size_t label, std::size_t word) const;

  const LmHead* head_;
  PositionRule positions_;
  bool is_causal_;
  LabelWords words_;
  WordScore word_score_;
  std::vector<double> bias_;
  std::vector<std::vector<Place>> places_;  // [words of all labels, one label after the other]
  bool reads_own_blank_ = false;            // some word is told by the example's own sequence
  std::vector<Extension> extensions_;
  std::int64_t rows_ = 0;  // that are read of an example
};

}  // namespace incipit
