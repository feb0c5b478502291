#include "backbone/rope_frequencies.h"

#include <cmath>
#include <utility>

#include <gtest/gtest.h>

namespace incipit {
namespace {

TEST(RopeFrequencies, OfEveryType) {
  RopeConfig rope;
  rope.theta = 500000;
  const std::vector<float> plain = *rope_frequencies(rope, 64);
  ASSERT_EQ(plain.size(), 32u);
  EXPECT_EQ(plain[0], 1.0f);
  EXPECT_NEAR(plain[16] / std::pow(500000.0, -0.5), 1, 1e-6);

  rope.type = "linear";
  rope.factor = 4;
  for (std::size_t i = 0; i < plain.size(); ++i)
    EXPECT_NEAR((*rope_frequencies(rope, 64))[i], plain[i] / 4, 1e-9);

  // What transformers 5.23 computes with these numbers.
  rope.type = "llama3";
  rope.factor = 8;
  rope.low_freq_factor = 1;
  rope.high_freq_factor = 4;
  rope.original_max_position_embeddings = 8192;
  const std::vector<float> slowed = *rope_frequencies(rope, 64);
  const std::pair<std::size_t, double> known[] = {{0, 1.0},
                                                  {12, 0.00729266508},
                                                  {14, 0.00321144611},
                                                  {15, 0.00137189368},
                                                  {16, 0.000524846022},
                                                  {17, 0.000178507791},
                                                  {18, 7.78465546e-05},
                                                  {20, 3.42810235e-05},
                                                  {31, 3.7673226e-07}};
  for (const auto& [pair, frequency] : known) EXPECT_NEAR(slowed[pair] / frequency, 1, 1e-5) << pair;

  rope.type = "yarn";
  EXPECT_NE(rope_frequencies(rope, 64).error().message.find("yarn"), std::string::npos);
}

}  // namespace
}  // namespace incipit
