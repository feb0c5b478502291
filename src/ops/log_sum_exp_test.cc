#include "ops/log_sum_exp.h"

#include <cmath>
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
