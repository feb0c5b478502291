#include "ops/rotary.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "ops/reference.h"
#include "ops/test_support.h"

namespace incipit {
namespace {

using reference::Values;
using test::kEpsilon;

std::vector<float> frequencies(std::int64_t pairs) {
  std::vector<float> result;
  for (std::int64_t i = 0; i < pairs; ++i)
    result.push_back(
        static_cast<float>(std::pow(10000.0, -static_cast<double>(i) / static_cast<double>(pairs))));
  return result;
}

TEST(Rotary, MatchesReferenceAndTurnsBack) {
  constexpr std::int64_t kHeads = 3;
  const std::vector<std::int32_t> positions = {0, 1, 5, 5, 1000, 2};
  test::for_each_instruction_set([&] {
    for (const std::int64_t pairs : {1, 3, 8, 16, 32, 35}) {
      SCOPED_TRACE(pairs);
      RotaryTable table(frequencies(pairs));
      table.reserve(3);
      table.reserve(1001);  // grows, keeping what was there
      const std::int64_t dim = 2 * pairs, stride = kHeads * dim + 3;
      const auto rows = static_cast<std::int64_t>(positions.size());
      const std::vector<float> before = test::random_values(rows * stride, 1);
      std::vector<float> x = before;
      rotate(table, positions, {x.data(), rows, kHeads * dim, stride});
      for (std::int64_t i = 0; i < rows; ++i) {
        Values angles;
        for (const float frequency : frequencies(pairs))
          angles.push_back(
              static_cast<double>(frequency * static_cast<float>(positions[static_cast<std::size_t>(i)])));
        for (std::int64_t head = 0; head < kHeads; ++head) {
          const auto at = static_cast<std::size_t>(i * stride + head * dim);
          const auto size = static_cast<std::size_t>(dim);
          const Values want = reference::rotate(test::to_double(std::span(before).subspan(at, size)), angles);
          EXPECT_TRUE(test::near(std::span(x).subspan(at, size), want, 16 * kEpsilon)) << i << " " << head;
        }
        for (std::int64_t j = kHeads * dim; j < stride; ++j)
          EXPECT_EQ(x[static_cast<std::size_t>(i * stride + j)],
                    before[static_cast<std::size_t>(i * stride + j)]);
      }
      // A rotation's gradient is the rotation back, which undoes it.
      rotate_back(table, positions, {x.data(), rows, kHeads * dim, stride});
      EXPECT_TRUE(test::near(x, test::to_double(before), 16 * kEpsilon));
    }
  });
}

}  // namespace
}  // namespace incipit
