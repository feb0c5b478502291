#include "base/rng.h"

#include <numeric>
#include <vector>

#include <gtest/gtest.h>

namespace incipit {
namespace {

TEST(Rng, SameSeedSameNumbers) {
  Rng a(7), b(7), c(8);
  EXPECT_EQ(a.next(), b.next());
  EXPECT_NE(a.next(), c.next());
}

TEST(Rng, NormalHasMeanZeroAndVarianceOne) {
  Rng rng(1);
  double sum = 0, squares = 0;
  constexpr int kCount = 100000;
  for (int i = 0; i < kCount; ++i) {
    const double x = rng.normal();
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / kCount, 0.0, 0.02);
  EXPECT_NEAR(squares / kCount, 1.0, 0.02);
}

TEST(Rng, ShuffleIsAPermutationAndUniform) {
  std::vector<int> first_place(5, 0);
  for (int seed = 0; seed < 5000; ++seed) {
    std::vector<int> items(5);
    std::iota(items.begin(), items.end(), 0);
    Rng(seed).shuffle(std::span<int>(items));
    EXPECT_EQ(std::accumulate(items.begin(), items.end(), 0), 10);
    ++first_place[items[0]];
  }
  for (int count : first_place) EXPECT_NEAR(count, 1000, 150);
}

}  // namespace
}  // namespace incipit
