#include "tune/epoch_order.h"

#include <algorithm>
#include <numeric>

#include <gtest/gtest.h>

namespace incipit {
namespace {

std::vector<std::size_t> flatten(const std::vector<std::vector<std::size_t>>& batches) {
  std::vector<std::size_t> all;
  for (const auto& batch : batches) all.insert(all.end(), batch.begin(), batch.end());
  return all;
}

class EpochOrder : public testing::TestWithParam<Batching> {
 protected:
  std::vector<std::int64_t> sizes_ = [] {
    std::vector<std::int64_t> sizes;
    for (int i = 0; i < 103; ++i) sizes.push_back(5 + i * 37 % 50);
    return sizes;
  }();
};

TEST_P(EpochOrder, TakesEveryExampleOnce) {
  const auto batches = epoch_batches(GetParam(), sizes_, 10, 1, 0);
  EXPECT_EQ(batches.size(), 11u);
  std::vector<std::size_t> all = flatten(batches);
  std::sort(all.begin(), all.end());
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i], i);
  EXPECT_EQ(batches, epoch_batches(GetParam(), sizes_, 10, 1, 0));
}

INSTANTIATE_TEST_SUITE_P(All, EpochOrder,
                         testing::Values(Batching::file, Batching::shuffle, Batching::length));

TEST_F(EpochOrder, OnlyTheFilesOrderStays) {
  EXPECT_EQ(epoch_batches(Batching::file, sizes_, 10, 1, 0), epoch_batches(Batching::file, sizes_, 10, 2, 5));
  EXPECT_EQ(flatten(epoch_batches(Batching::file, sizes_, 10, 1, 0))[17], 17u);
  EXPECT_NE(epoch_batches(Batching::shuffle, sizes_, 10, 1, 0),
            epoch_batches(Batching::shuffle, sizes_, 10, 1, 1));
  EXPECT_NE(epoch_batches(Batching::shuffle, sizes_, 10, 1, 0),
            epoch_batches(Batching::shuffle, sizes_, 10, 2, 0));
}

TEST_F(EpochOrder, LengthBatchesHoldLikeLengths) {
  std::vector<std::pair<std::int64_t, std::int64_t>> ranges;
  for (const auto& batch : epoch_batches(Batching::length, sizes_, 10, 1, 0)) {
    std::int64_t low = 1000, high = 0;
    for (const std::size_t e : batch) {
      low = std::min(low, sizes_[e]);
      high = std::max(high, sizes_[e]);
    }
    ranges.emplace_back(low, high);
  }
  EXPECT_FALSE(std::is_sorted(ranges.begin(), ranges.end())) << "the order of the batches must be drawn";
  std::sort(ranges.begin(), ranges.end());
  for (std::size_t i = 1; i < ranges.size(); ++i) EXPECT_LE(ranges[i - 1].second, ranges[i].first);
}

}  // namespace
}  // namespace incipit
