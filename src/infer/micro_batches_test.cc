#include "infer/micro_batches.h"

#include <numeric>

#include <gtest/gtest.h>

namespace incipit {
namespace {

TEST(MicroBatches, CoverAllInOrderWithinTheBound) {
  std::vector<std::int64_t> sizes;
  for (int i = 0; i < 100; ++i) sizes.push_back(1 + i * 7 % 40);
  for (const std::int64_t bound : {40, 64, 300, 10000}) {
    std::size_t end = 0;
    for (const IndexRange& range : split_by_size(sizes, bound)) {
      EXPECT_EQ(range.begin, end);
      EXPECT_GT(range.end, range.begin);
      end = range.end;
      EXPECT_LE(std::accumulate(sizes.begin() + static_cast<std::ptrdiff_t>(range.begin),
                                sizes.begin() + static_cast<std::ptrdiff_t>(range.end), std::int64_t{0}),
                bound);
    }
    EXPECT_EQ(end, sizes.size());
  }
}

TEST(MicroBatches, AreAboutEqual) {
  const std::vector<std::int64_t> sizes(34, 60);  // 2,040 tokens
  const auto ranges = split_by_size(sizes, 1024);
  ASSERT_EQ(ranges.size(), 2u);
  EXPECT_EQ(ranges[0].end, 17u);
}

TEST(MicroBatches, AnItemBeyondTheBoundStandsAlone) {
  const std::vector<std::int64_t> sizes = {5, 100, 5};
  EXPECT_EQ(split_by_size(sizes, 10).size(), 3u);
  EXPECT_TRUE(split_by_size({}, 10).empty());
}

}  // namespace
}  // namespace incipit
