#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "incipit/dataset.h"
#include "incipit/hard_prompt.h"
#include "incipit/model.h"
#include "incipit/result.h"

namespace incipit {

/// Gathers what a language-model head says of each word in the blank of labelled examples, and ranks the
/// words of each label by the likelihood ratio (Schick, Schmid and Schütze 2020): how much likelier a word
/// is, in the mean of logarithms, after the label's examples than after all others.
class LabelWordSearch {
 public:
  LabelWordSearch(std::size_t labels, std::int64_t vocab_size);

  /// An example's logits at its blank, [vocabulary].
  void add(int label, std::span<const float> logits);

  /// Of a word to a label; every label has an example.
  double log_ratio(std::size_t label, std::int32_t id) const;

  /// [labels][count] ids of the greatest ratio, best first, each with the label that it has the greatest
  /// ratio for. Only the `most` words that are likeliest on the whole are looked at, of those that `may_be`
  /// lets pass: the ratio of a word that nobody would write there is chance. Fewer where there are no more.
  std::vector<std::vector<std::int32_t>> best(std::size_t count, std::size_t most,
                                              const std::function<bool(std::int32_t)>& may_be) const;

 private:
  std::vector<std::vector<double>> sums_;  // [labels][vocabulary] of log-probabilities
  std::vector<std::int64_t> counts_;       // [labels] of examples
};

/// The verbalizer, as JSON, of the `count` words for each label that the model itself finds most telling in
/// the prompt's blank, given labelled examples. A word is one token of at least two letters (one outside of
/// ASCII). Fails where a label has no example or no word.
Result<std::string> find_label_words(const Model& model, const HardPrompt& prompt,
                                     const std::vector<std::string>& labels,
                                     std::span<const Example> examples, std::size_t count,
                                     std::int64_t max_batch_tokens);

}  // namespace incipit
