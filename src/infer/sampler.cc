#include "infer/sampler.h"

#include <algorithm>
#include <cmath>

namespace incipit {

std::vector<TokenProbability> nucleus(std::span<const float> logits, double temperature, double top_p) {
  const double largest = static_cast<double>(*std::max_element(logits.begin(), logits.end()));
  std::vector<TokenProbability> tokens(logits.size());
  double sum = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const double weight = std::exp((static_cast<double>(logits[i]) - largest) / temperature);
    tokens[i] = {static_cast<std::int32_t>(i), weight};
    sum += weight;
  }
  const auto before = [](const TokenProbability& a, const TokenProbability& b) {
    return a.probability != b.probability ? a.probability > b.probability : a.id < b.id;
  };
  // The front of the vocabulary by probability, twice as long until it holds enough.
  std::size_t sorted = 0, count = 0;
  double mass = 0;
  while (count == 0 || (mass < top_p * sum && count < tokens.size())) {
    if (count == sorted) {
      const std::size_t end = std::min(tokens.size(), std::max<std::size_t>(64, 2 * sorted));
      const auto at = [&](std::size_t i) { return tokens.begin() + static_cast<std::ptrdiff_t>(i); };
      std::partial_sort(at(sorted), at(end), tokens.end(), before);
      sorted = end;
    }
    mass += tokens[count++].probability;
  }
  tokens.resize(count);
  for (TokenProbability& token : tokens) token.probability /= sum;
  return tokens;
}

std::int32_t Sampler::pick(std::span<const float> logits) {
  if (temperature_ == 0)
    return static_cast<std::int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
  const std::vector<TokenProbability> tokens = nucleus(logits, temperature_, top_p_);
  double sum = 0;
  for (const TokenProbability& token : tokens) sum += token.probability;
  double left = rng_.uniform() * sum;
  for (const TokenProbability& token : tokens) {
    left -= token.probability;
    if (left < 0) return token.id;
  }
  return tokens.back().id;
}

}  // namespace incipit
