#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/rng.h"

namespace incipit {

struct TokenProbability {
  std::int32_t id = 0;
  double probability = 0;
};

/// The fewest tokens whose probabilities under softmax(logits / temperature) sum to at least top_p, the most
/// probable first, of equal ones that of the lower id; at least one. Probabilities are not scaled up to sum
/// to 1. temperature > 0, top_p in (0, 1].
std::vector<TokenProbability> nucleus(std::span<const float> logits, double temperature, double top_p);

/// Picks a next token from logits over the vocabulary, [vocab_size].
class Sampler {
 public:
  /// temperature 0: the largest logit's, of equal ones that of the lowest id.
  Sampler(double temperature, double top_p, std::uint64_t seed)
      : temperature_(temperature), top_p_(top_p), rng_(seed) {}

  std::int32_t pick(std::span<const float> logits);

 private:
  double temperature_, top_p_;
  Rng rng_;
};

}  // namespace incipit
