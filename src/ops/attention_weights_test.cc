#include "ops/attention_weights.h"

#include <vector>

#include <gtest/gtest.h>

#include "ops/reference.h"
#include "ops/test_support.h"

namespace incipit {
namespace {

constexpr AttentionShape kShape{3, 16};
constexpr std::int64_t kWidth = 48, kQueries = 5, kKeys = 9, kKeyFirst = 2;

std::vector<double> head_values(const std::vector<float>& values, std::int64_t first, std::int64_t count,
                                std::int64_t stride, std::int64_t head) {
  std::vector<double> result;
  for (std::int64_t i = first; i < first + count; ++i)
    for (std::int64_t c = 0; c < kShape.head_dim; ++c)
      result.push_back(values[static_cast<std::size_t>(i * stride + head * kShape.head_dim + c)]);
  return result;
}

/// What attention() itself looked at, by the explicit softmax.
TEST(AttentionWeights, MatchTheReference) {
  const std::vector<float> q = test::random_values(kQueries * kWidth, 1);
  const std::vector<float> key_value = test::random_values((kKeyFirst + kKeys) * 2 * kWidth, 2);
  const ConstMatrixView q_view(q.data(), kQueries, kWidth, kWidth);
  const ConstMatrixView k_view(key_value.data(), kKeyFirst + kKeys, kWidth, 2 * kWidth);
  const ConstMatrixView v_view(key_value.data() + kWidth, kKeyFirst + kKeys, kWidth, 2 * kWidth);
  std::vector<float> out(q.size()), log_sum(static_cast<std::size_t>(kShape.num_heads * kQueries));
  const AttentionSpan spans[] = {{0, kQueries, kKeyFirst, kKeys}};
  attention(kShape, spans, {}, q_view, k_view, v_view, {}, {out.data(), kQueries, kWidth, kWidth},
            log_sum.data());

  for (std::int64_t query = 0; query < kQueries; ++query) {
    std::vector<double> expected(kKeys, 1.0);  // what was there before
    for (std::int64_t head = 0; head < kShape.num_heads; ++head) {
      const reference::Head at{1,
                               kKeys,
                               16,
                               head_values(q, query, 1, kWidth, head),
                               head_values(key_value, kKeyFirst, kKeys, 2 * kWidth, head),
                               {},
                               {}};
      const reference::Values p = reference::attention_probabilities(at);
      for (std::size_t j = 0; j < p.size(); ++j) expected[j] += 0.5 * p[j] / 3;
    }
    std::vector<float> weights(kKeys, 1.0f);
    add_attention_weights(kShape, q_view, k_view, log_sum.data(), query, kKeyFirst, 0.5f, weights);
    for (std::size_t j = 0; j < kKeys; ++j) EXPECT_NEAR(weights[j], expected[j], 1e-6) << query << ", " << j;
  }
}

}  // namespace
}  // namespace incipit
