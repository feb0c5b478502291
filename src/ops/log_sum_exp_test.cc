#include "ops/log_sum_exp.h"

#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "ops/test_support.h"

namespace incipit {
namespace {

using test::kEpsilon;

/// Blocks of a few widths, of values around `centre`.
void expect_matches(const std::vector<std::int64_t>& widths, double centre, double deviation) {
  constexpr std::int64_t kRows = 5;
  std::vector<LogSum> sums(kRows);
  std::vector<std::vector<float>> blocks;
  std::vector<double> direct(kRows);
  for (const std::int64_t width : widths) {
    std::vector<float> block =
        test::random_values(kRows * width, static_cast<std::uint64_t>(width + std::ssize(blocks)), deviation);
    for (float& value : block) value += static_cast<float>(centre);
    add_to_log_sums(block.data(), kRows, width, sums.data());
    for (std::int64_t i = 0; i < kRows; ++i)
      for (std::int64_t j = 0; j < width; ++j)
        direct[static_cast<std::size_t>(i)] +=
            std::exp(static_cast<double>(block[static_cast<std::size_t>(i * width + j)]) - centre);
    blocks.push_back(std::move(block));
  }
  std::vector<float> log_sums, scales = test::random_values(kRows, 9);
  for (std::int64_t i = 0; i < kRows; ++i) {
    const double want = centre + std::log(direct[static_cast<std::size_t>(i)]);
    EXPECT_NEAR(sums[static_cast<std::size_t>(i)].value(), want, 32 * kEpsilon * (1 + deviation)) << i;
    log_sums.push_back(static_cast<float>(want));
  }
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    std::vector<float> softmax = blocks[b];
    scaled_softmax(softmax.data(), kRows, widths[b], log_sums.data(), scales.data());
    for (std::int64_t i = 0; i < kRows; ++i)
      for (std::int64_t j = 0; j < widths[b]; ++j) {
        const auto at = static_cast<std::size_t>(i * widths[b] + j), row = static_cast<std::size_t>(i);
        const double want = std::exp(static_cast<double>(blocks[b][at]) - static_cast<double>(log_sums[row]));
        ASSERT_NEAR(softmax[at], want * static_cast<double>(scales[row]),
                    32 * kEpsilon * (1 + std::abs(centre)) * want * 4 + 1e-12);
      }
  }
}

TEST(LogSumExp, BlocksAddUp) {
  test::for_each_instruction_set([] {
    expect_matches({1}, 0, 1);
    expect_matches({3, 17, 1, 64}, 0, 3);
    expect_matches({700, 1333}, 0, 1);
    expect_matches({40, 30}, 500, 5);
    expect_matches({40, 30}, -500, 5);
  });
}

/// The exponential function that the kernels share, as the softmax of a row whose log sum is 0 has it.
TEST(LogSumExp, ExponentialIsAsExactAsItSays) {
  std::vector<float> x;
  for (float value = 0; value > -87.3f; value -= 0.0137f) x.push_back(value);
  for (const float value :
       {-1e-9f, -87.33f, -0.5f * std::log(2.0f), -1.5f * std::log(2.0f), 20.0f, 79.9f, 88.0f})
    x.push_back(value);
  const float zero = 0, one = 1;
  test::for_each_instruction_set([&](const std::string& name) {
    const bool is_fused = !name.starts_with("SS");  // SSSE3 and SSE4 round x log2(e) first
    std::vector<float> y = x;
    scaled_softmax(y.data(), 1, std::ssize(y), &zero, &one);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double want = std::exp(static_cast<double>(x[i]));
      const double tolerance = kEpsilon * (2 + static_cast<double>(std::abs(x[i])) / (is_fused ? 8 : 1));
      ASSERT_NEAR(static_cast<double>(y[i]) / want, 1, tolerance) << x[i];
    }
    std::vector<float> special = {-87.4f,
                                  -100,
                                  -1e30f,
                                  -std::numeric_limits<float>::max(),
                                  -std::numeric_limits<float>::infinity(),
                                  std::numeric_limits<float>::quiet_NaN(),
                                  std::bit_cast<float>(0x7fc00001u)};
    scaled_softmax(special.data(), 1, std::ssize(special), &zero, &one);
    for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(special[i], 0) << i;
    EXPECT_TRUE(std::isnan(special[5]) && std::isnan(special[6]));
  });
}

TEST(LogSumExp, Deterministic) {
  const std::vector<float> values = test::random_values(64 * 1000, 1);
  test::expect_deterministic([&] {
    std::vector<LogSum> sums(64);
    add_to_log_sums(values.data(), 64, 1000, sums.data());
    std::vector<double> result;
    for (const LogSum& sum : sums) result.push_back(sum.value());
    return result;
  });
}

}  // namespace
}  // namespace incipit
