#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "incipit/adapter.h"
#include "incipit/dataset.h"
#include "incipit/model.h"
#include "incipit/result.h"

namespace incipit {

/// A vocabulary word and how near it is to a virtual token.
struct NearWord {
  std::int32_t id = 0;
  std::string piece;    // as the vocabulary spells it
  double cosine = 0;    // of the angle between the two embeddings
  double distance = 0;  // Euclidean
};

struct VirtualTokenView {
  std::vector<NearWord> nearest;  // by cosine, nearest first
  double norm = 0;                // Euclidean
  double movement = 0;            // Euclidean distance from its start; 0 where the adapter does not say
  double attention = 0;           // share of the read rows' attention, mean over layers, heads and examples
  double accuracy_without = 0;    // of the examples, when this token alone is removed
  double x = 0, y = 0;            // see PromptInspection::words
};

/// A word's place in the projection.
struct WordPoint {
  std::string piece;
  double x = 0, y = 0;
};

/// What the rows of attention of one layer, those that the head reads, look at; shares sum to 1.
struct LayerAttention {
  std::int64_t layer = 0;
  std::vector<double> virtual_tokens;  // [virtual tokens]
  double special = 0;                  // [CLS], [SEP] and the like
  double text = 0;                     // the words of the text (and of a template)
};

/// A look into a soft prompt: what its vectors lie near, how they moved, what reads them, what each is worth.
struct PromptInspection {
  std::vector<VirtualTokenView> tokens;
  std::int64_t insert_layer = 0;  // a late prompt's rows are hidden states, not embeddings: see `comparable`
  /// Whether the rows live in the space of the word embeddings, so that near words can mean something.
  bool comparable = true;

  /// What chance gives: the cosine (distance) between a random vector of the prompt's mean norm and its
  /// nearest word, mean and 95th percentile over draws. A token that is no nearer lies near no word.
  double random_cosine = 0, random_cosine_high = 0;
  double random_distance = 0;
  double median_word_norm = 0;

  std::vector<std::vector<double>> similarity;  // cosine of each two virtual tokens
  std::vector<std::vector<double>> movement;    // [epochs][virtual tokens]; empty where not recorded

  /// Projection on the first two principal components of words and virtual tokens together: the nearest words
  /// of all tokens and a sample of the vocabulary.
  std::vector<WordPoint> near_words, other_words;
  double explained = 0;  // share of the variance that the two components hold

  std::vector<LayerAttention> attention;  // by layer, from the lowest where the prompt is present
  std::int64_t examples = 0;              // that attention and accuracy were measured on; 0: none were given
  double accuracy = 0;                    // with the whole prompt
  double accuracy_without_prompt = 0;     // with no virtual token at all
};

struct InspectOptions {
  std::int64_t nearest = 5;        // words a token
  std::int64_t other_words = 300;  // of the vocabulary's sample in the projection
  std::int64_t max_batch_tokens = 1024;
  std::uint64_t seed = 0;
};

/// `examples` may be empty, then attention and accuracies are left out; otherwise they are labelled as the
/// adapter's labels have it. Fails for an adapter without virtual tokens.
Result<PromptInspection> inspect(const Model& model, const Adapter& adapter,
                                 std::span<const Example> examples, const InspectOptions& options,
                                 const std::function<void(std::int64_t done, std::int64_t all)>& progress);

/// Text for people, and the same as a JSON object (two-space indent).
std::string format_inspection(const PromptInspection& inspection);
std::string inspection_to_json(const PromptInspection& inspection);

}  // namespace incipit
