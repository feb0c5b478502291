#include "experiment/chance.h"

#include <algorithm>

#include "base/rng.h"
#include "eval/interval.h"
#include "experiment/near_words.h"
#include "experiment/vector_math.h"

namespace incipit {
namespace {

constexpr std::int64_t kDraws = 100;

/// Normal coordinates have no favourite direction.
Matrix draw(std::int64_t hidden, double length, std::uint64_t seed) {
  Rng rng(mix_bits(seed, 0x6368616e6365));  // a stream of its own
  Matrix vectors(kDraws, hidden);
  for (std::int64_t i = 0; i < kDraws; ++i) {
    const std::span<float> row(vectors.row(i), static_cast<std::size_t>(hidden));
    for (float& value : row) value = static_cast<float>(rng.normal());
    const double scale = length / norm(row);
    for (float& value : row) value = static_cast<float>(scale * static_cast<double>(value));
  }
  return vectors;
}

}  // namespace

Chance chance_of_nearness(const WordTable& words, double length, std::uint64_t seed) {
  Chance chance;
  if (words.size() == 0 || !(length > 0)) return chance;
  const Matrix vectors = draw(words.hidden_size(), length, seed);
  std::vector<double> cosines;
  for (const std::vector<NearWord>& nearest : near_words(words, vectors.view(), 1)) {
    cosines.push_back(nearest.front().cosine);
    chance.cosine += nearest.front().cosine / kDraws;
    chance.distance += nearest.front().distance / kDraws;
  }
  std::sort(cosines.begin(), cosines.end());
  chance.cosine_high = percentile(cosines, 0.95);
  return chance;
}

}  // namespace incipit
