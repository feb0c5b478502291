#include "infer/sampler.h"

#include <cmath>
#include <map>
#include <numeric>

#include <gtest/gtest.h>

namespace incipit {
namespace {

std::vector<std::int32_t> ids_of(const std::vector<TokenProbability>& tokens) {
  std::vector<std::int32_t> ids;
  for (const TokenProbability& token : tokens) ids.push_back(token.id);
  return ids;
}

std::vector<float> logits_of(const std::vector<double>& probabilities) {
  std::vector<float> logits;
  for (const double p : probabilities) logits.push_back(static_cast<float>(std::log(p) + 3.0));
  return logits;
}

using Ids = std::vector<std::int32_t>;

TEST(Nucleus, IsTheSmallestSetThatIsProbableEnough) {
  const std::vector<float> logits = logits_of({0.1, 0.4, 0.05, 0.25, 0.2});
  EXPECT_EQ(ids_of(nucleus(logits, 1, 1e-9)), (Ids{1}));
  EXPECT_EQ(ids_of(nucleus(logits, 1, 0.39)), (Ids{1}));
  EXPECT_EQ(ids_of(nucleus(logits, 1, 0.41)), (Ids{1, 3}));
  EXPECT_EQ(ids_of(nucleus(logits, 1, 0.64)), (Ids{1, 3}));
  EXPECT_EQ(ids_of(nucleus(logits, 1, 0.66)), (Ids{1, 3, 4}));
  EXPECT_EQ(ids_of(nucleus(logits, 1, 0.94)), (Ids{1, 3, 4, 0}));
  EXPECT_EQ(ids_of(nucleus(logits, 1, 1)).size(), 5u);
  const auto tokens = nucleus(logits, 1, 0.66);
  EXPECT_NEAR(tokens[1].probability, 0.25, 1e-6);
}

TEST(Nucleus, TemperatureSharpensBeforeTheCut) {
  // 0.6 and 0.4 become 0.36 / 0.52 and 0.16 / 0.52 at one half.
  const std::vector<float> logits = logits_of({0.4, 0.6});
  EXPECT_NEAR(nucleus(logits, 0.5, 1).front().probability, 0.36 / 0.52, 1e-6);
  EXPECT_EQ(nucleus(logits, 0.5, 0.65).size(), 1u);
  EXPECT_EQ(nucleus(logits, 1, 0.65).size(), 2u);
}

TEST(Nucleus, LargeVocabulariesAndEqualTokens) {
  std::vector<float> logits(1000, 0.5f);
  const auto half = ids_of(nucleus(logits, 1, 0.4995));
  ASSERT_EQ(half.size(), 500u);
  for (std::size_t i = 0; i < half.size(); ++i) EXPECT_EQ(half[i], static_cast<std::int32_t>(i));
  logits[777] = 1e4f;
  EXPECT_EQ(ids_of(nucleus(logits, 1, 0.99)), (Ids{777}));
}

TEST(Sampler, WithoutATemperatureTheLargestIsTaken) {
  Sampler sampler(0, 1, 1);
  EXPECT_EQ(sampler.pick(std::vector<float>{1, 3, -2, 3}), 1);
}

TEST(Sampler, DrawsByTheProbabilitiesOfTheNucleus) {
  const std::vector<float> logits = logits_of({0.1, 0.4, 0.05, 0.25, 0.2});
  Sampler sampler(1, 0.64, 3);
  std::map<std::int32_t, int> counts;
  constexpr int kDraws = 20000;
  for (int i = 0; i < kDraws; ++i) ++counts[sampler.pick(logits)];
  ASSERT_EQ(counts.size(), 2u);
  EXPECT_NEAR(static_cast<double>(counts[1]) / kDraws, 0.4 / 0.65, 0.015);  // four standard deviations
}

TEST(Sampler, TheSeedDecides) {
  const std::vector<float> logits(50, 0.0f);
  const auto draw = [&](std::uint64_t seed) {
    Sampler sampler(0.7, 0.9, seed);
    Ids ids(40);
    for (std::int32_t& id : ids) id = sampler.pick(logits);
    return ids;
  };
  EXPECT_EQ(draw(5), draw(5));
  EXPECT_NE(draw(5), draw(6));
}

}  // namespace
}  // namespace incipit
