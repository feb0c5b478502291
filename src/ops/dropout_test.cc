#include "ops/dropout.h"

#include <cmath>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "base/rng.h"
#include "ops/test_support.h"

namespace incipit {
namespace {

std::vector<float> mask_of(const std::vector<std::uint64_t>& keys, std::int64_t width, float rate) {
  const std::vector<float> ones(keys.size() * static_cast<std::size_t>(width), 1.0f);
  std::vector<float> mask(ones.size());
  dropout_rows(ones.data(), keys, width, rate, mask.data());
  return mask;
}

std::vector<std::uint64_t> random_keys(std::size_t count) {
  std::vector<std::uint64_t> keys(count);
  for (std::size_t i = 0; i < count; ++i) keys[i] = mix_bits(i, 5);
  return keys;
}

TEST(Dropout, RateAndMean) {
  test::for_each_instruction_set([] {
    for (const float rate : {0.1f, 0.5f, 0.9f}) {
      const std::vector<float> mask = mask_of(random_keys(1000), 1024, rate);
      const auto count = static_cast<double>(mask.size());
      double dropped = 0, sum = 0;
      for (const float value : mask) {
        ASSERT_TRUE(value == 0.0f || value == 1.0f / (1.0f - rate)) << value;
        dropped += value == 0.0f;
        sum += value;
      }
      const double deviation = std::sqrt(rate * (1.0 - rate) / count);
      EXPECT_NEAR(dropped / count, rate, 5 * deviation);
      EXPECT_NEAR(sum / count, 1.0, 5 * deviation / (1.0 - rate));
    }
  });
}

TEST(Dropout, ZeroRateChangesNothing) {
  const std::vector<float> x = test::random_values(3 * 37, 1);
  std::vector<float> y(x.size());
  dropout_rows(x.data(), random_keys(3), 37, 0.0f, y.data());
  EXPECT_EQ(x, y);
}

TEST(Dropout, ScalesItsSourceAndIsItsOwnBackward) {
  for (std::int64_t width = 1; width <= 70; ++width) {
    const std::vector<std::uint64_t> keys = random_keys(33);
    const std::vector<float> mask = mask_of(keys, width, 0.3f);
    std::vector<float> x = test::random_values(33 * width, 2), want(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) want[i] = x[i] * mask[i];
    std::vector<float> y(x.size());
    dropout_rows(x.data(), keys, width, 0.3f, y.data());
    EXPECT_EQ(y, want) << "width " << width;
    dropout_rows(x.data(), keys, width, 0.3f, x.data());
    EXPECT_EQ(x, want) << "in place, width " << width;
  }
}

TEST(Dropout, AnElementDependsOnKeyAndPlaceAlone) {
  const std::vector<std::uint64_t> keys = random_keys(100);
  const std::vector<float> mask = mask_of(keys, 70, 0.4f);
  const std::vector<std::uint64_t> reversed(keys.rbegin(), keys.rend());
  const std::vector<float> other = mask_of(reversed, 70, 0.4f);
  const std::vector<float> narrow = mask_of(keys, 13, 0.4f);
  for (std::size_t i = 0; i < 100; ++i) {
    for (std::size_t j = 0; j < 70; ++j)
      ASSERT_EQ(mask[i * 70 + j], other[(99 - i) * 70 + j]) << i << ", " << j;
    for (std::size_t j = 0; j < 13; ++j) ASSERT_EQ(mask[i * 70 + j], narrow[i * 13 + j]) << i << ", " << j;
  }
}

/// Also of keys that are close to each other in either half, and of the same row shifted.
TEST(Dropout, MasksOfDifferentKeysAgreeByChanceOnly) {
  constexpr std::size_t kWidth = 20000;
  const std::uint64_t base = mix_bits(42);
  const std::vector<float> mask = mask_of({base}, kWidth, 0.5f);
  for (const std::uint64_t key :
       {base + 1, base ^ 0x100u, base + (std::uint64_t{1} << 32), base ^ (std::uint64_t{1} << 63)}) {
    const std::vector<float> other = mask_of({key}, kWidth, 0.5f);
    for (std::size_t shift = 0; shift < 3; ++shift) {
      double agree = 0;
      for (std::size_t i = 0; i + shift < kWidth; ++i) agree += (mask[i + shift] == 0) == (other[i] == 0);
      EXPECT_NEAR(agree / kWidth, 0.5, 5 * 0.5 / std::sqrt(static_cast<double>(kWidth)))
          << key - base << ", " << shift;
    }
  }
}

TEST(Dropout, TheSameOnEveryInstructionSet) {
  const std::vector<float> mask = mask_of(random_keys(100), 67, 0.2f);
  test::for_each_instruction_set([&] { EXPECT_EQ(mask, mask_of(random_keys(100), 67, 0.2f)); });
}

TEST(Dropout, Deterministic) {
  test::expect_deterministic([] { return mask_of(random_keys(1025), 67, 0.2f); });
}

}  // namespace
}  // namespace incipit
