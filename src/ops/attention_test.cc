#include "ops/attention.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "ops/dropout.h"
#include "ops/narrow.h"
#include "ops/panel_weight.h"
#include "ops/reference.h"
#include "ops/test_support.h"

namespace incipit {
namespace {

using reference::Values;
using test::kEpsilon;

constexpr float kUntouched = 777.0f;

/// A view of random [rows, cols] whose rows lie apart by more, as parts of a wider matrix do.
struct Block {
  std::int64_t rows, cols, stride;
  std::vector<float> values;

  Block(std::int64_t row_count, std::int64_t col_count, std::int64_t row_stride, std::uint64_t seed)
      : rows(row_count),
        cols(col_count),
        stride(row_stride),
        values(test::random_values(rows * stride, seed)) {}
  static Block untouched(std::int64_t row_count, std::int64_t col_count, std::int64_t row_stride) {
    Block block(row_count, col_count, row_stride, 0);
    std::fill(block.values.begin(), block.values.end(), kUntouched);
    return block;
  }

  ConstMatrixView view() const { return {values.data(), rows, cols, stride}; }
  MatrixView mutable_view() { return {values.data(), rows, cols, stride}; }
  float at(std::int64_t row, std::int64_t col) const {
    return values[static_cast<std::size_t>(row * stride + col)];
  }
};

/// Lengths of a sequence: its queries and its keys.
struct Lengths {
  std::int64_t queries, keys;
};

/// Sequences end to end, with one row between them that belongs to none.
struct Case {
  AttentionShape shape;
  float rate;
  std::int64_t query_rows = 1, key_rows = 1;  // row 0 belongs to none either
  std::vector<AttentionSpan> spans;
  std::int64_t width, kv_width;
  Block q, k, v, d_out;
  std::vector<std::uint64_t> keys;
  std::vector<KeyRange> visible;  // empty: all

  Case(AttentionShape head_shape, float dropout_rate, const std::vector<Lengths>& lengths)
      : shape(head_shape),
        rate(dropout_rate),
        spans(place(lengths)),
        width(shape.num_heads * shape.head_dim),
        kv_width(width / shape.group_size()),
        q(query_rows, width, width + 5, 1),
        k(key_rows, kv_width, 2 * kv_width, 2),
        v(key_rows, kv_width, 2 * kv_width, 3),
        d_out(query_rows, width, width + 1, 4) {
    for (std::int64_t i = 0; i < query_rows; ++i) keys.push_back(mix_bits(static_cast<std::uint64_t>(i), 99));
    if (shape.may_round) round_inputs();
  }

  /// To what the products may take them for.
  void round_inputs() {
    for (Block* block : {&q, &k, &v, &d_out}) {
      std::vector<std::uint16_t> bits(block->values.size());
      round_to_bf16(block->values.data(), 1, std::ssize(block->values), bits.data());
      widen_bf16(bits.data(), 1, std::ssize(block->values), block->values.data());
    }
  }

  /// The last query is the last key, and sees it and what is before it, `window` keys at most.
  Case& causal(std::int64_t window) {
    visible.assign(static_cast<std::size_t>(query_rows), {0, 1});
    for (const AttentionSpan& span : spans)
      for (std::int64_t i = 0; i < span.query_count; ++i) {
        const std::int64_t end = span.key_count - span.query_count + i + 1;
        visible[static_cast<std::size_t>(span.query_first + i)] = {
            static_cast<std::int32_t>(std::max<std::int64_t>(0, end - window)),
            static_cast<std::int32_t>(end)};
      }
    return *this;
  }

  std::vector<AttentionSpan> place(const std::vector<Lengths>& lengths) {
    std::vector<AttentionSpan> result;
    for (const auto& [queries, key_count] : lengths) {
      result.push_back({query_rows, queries, key_rows, key_count});
      query_rows += queries + 1;
      key_rows += key_count + 1;
    }
    return result;
  }
};

struct Outputs {
  Block out, dq, dk, dv;
  std::vector<float> log_sum;

  bool operator==(const Outputs& other) const {
    return out.values == other.out.values && dq.values == other.dq.values && dk.values == other.dk.values &&
           dv.values == other.dv.values && log_sum == other.log_sum;
  }
};

Outputs run(const Case& c) {
  Outputs o{Block::untouched(c.query_rows, c.width, c.width + 3),
            Block::untouched(c.query_rows, c.width, c.width),
            Block::untouched(c.key_rows, c.kv_width, 2 * c.kv_width),
            Block::untouched(c.key_rows, c.kv_width, 2 * c.kv_width),
            std::vector<float>(static_cast<std::size_t>(c.shape.num_heads * c.query_rows), kUntouched)};
  const AttentionDropout dropout{c.rate, c.keys};
  attention(c.shape, c.spans, c.visible, c.q.view(), c.k.view(), c.v.view(), dropout, o.out.mutable_view(),
            o.log_sum.data());
  attention_backward(c.shape, c.spans, c.visible, c.q.view(), c.k.view(), c.v.view(), dropout,
                     o.log_sum.data(), c.d_out.view(), o.dq.mutable_view(), o.dk.mutable_view(),
                     o.dv.mutable_view());
  return o;
}

std::vector<float> head_values(const Block& block, std::int64_t first, std::int64_t count, std::int64_t head,
                               std::int64_t dim) {
  std::vector<float> values;
  for (std::int64_t i = first; i < first + count; ++i)
    for (std::int64_t c = 0; c < dim; ++c) values.push_back(block.at(i, head * dim + c));
  return values;
}

/// The mask that attention.h promises: that of a row whose key is the query's and the head's.
Values mask_of(const Case& c, const AttentionSpan& span, std::int64_t head) {
  const auto width = static_cast<std::size_t>(span.key_count);
  std::vector<float> mask(static_cast<std::size_t>(span.query_count) * width, 1.0f);
  std::vector<std::uint64_t> keys;
  for (std::int64_t i = 0; i < span.query_count; ++i)
    keys.push_back(
        mix_bits(c.keys[static_cast<std::size_t>(span.query_first + i)], static_cast<std::uint64_t>(head)));
  dropout_rows(mask.data(), keys, span.key_count, c.rate, mask.data());
  return test::to_double(mask);
}

reference::Head reference_head(const Case& c, const AttentionSpan& span, std::int64_t head) {
  const std::int64_t dim = c.shape.head_dim, kv_head = head / c.shape.group_size();
  std::vector<KeyRange> visible;
  if (!c.visible.empty())
    visible.assign(c.visible.begin() + span.query_first,
                   c.visible.begin() + span.query_first + span.query_count);
  return {static_cast<std::size_t>(span.query_count),
          static_cast<std::size_t>(span.key_count),
          static_cast<std::size_t>(dim),
          test::to_double(head_values(c.q, span.query_first, span.query_count, head, dim)),
          test::to_double(head_values(c.k, span.key_first, span.key_count, kv_head, dim)),
          test::to_double(head_values(c.v, span.key_first, span.key_count, kv_head, dim)),
          mask_of(c, span, head),
          visible};
}

double largest_row_norm(const Values& values, std::size_t dim) {
  double result = 0;
  for (std::size_t i = 0; i < values.size(); i += dim)
    result = std::max(result, test::norm(std::span(values).subspan(i, dim)));
  return result;
}

/// What one instruction set made of a case.
struct Run {
  std::string name;
  Outputs outputs;
};

/// A head's out, log_sum and dq; its part of dk and dv is added to `sum`, and how far off they may be is
/// `tolerance`.
struct GroupSum {
  reference::HeadGradients d;
  double k_tolerance = 0, v_tolerance = 0;
};

void expect_head(const Case& c, const std::vector<Run>& runs, const AttentionSpan& span, std::int64_t head,
                 GroupSum& sum) {
  const std::int64_t dim = c.shape.head_dim;
  const reference::Head at = reference_head(c, span, head);
  const Values d_out = test::to_double(head_values(c.d_out, span.query_first, span.query_count, head, dim));
  const double root = std::sqrt(static_cast<double>(dim)), drop = 1 / (1 - static_cast<double>(c.rate));
  const double q_norm = largest_row_norm(at.q, at.dim), k_norm = largest_row_norm(at.k, at.dim);
  const double v_norm = largest_row_norm(at.v, at.dim);
  // A score's rounding error becomes a relative one of its probability.
  const double score_rounding = kEpsilon * (8 + 2 * q_norm * k_norm / root) * drop;
  // Probabilities are rounded too.
  const double rounding = score_rounding + (c.shape.may_round ? 0x1p-8 * drop : 0);
  const double slope = rounding * test::norm(d_out);
  Values log_sum;
  reference::attention_probabilities(at, &log_sum);
  const Values out = reference::attention(at);
  const reference::HeadGradients d = reference::attention_gradients(at, d_out);
  sum.d.k.resize(d.k.size());
  sum.d.v.resize(d.v.size());
  for (std::size_t i = 0; i < d.k.size(); ++i) {
    sum.d.k[i] += d.k[i];
    sum.d.v[i] += d.v[i];
  }
  sum.k_tolerance += slope * v_norm * q_norm / root;
  sum.v_tolerance += slope;
  for (const Run& run : runs) {
    const Outputs& o = run.outputs;
    SCOPED_TRACE(testing::Message() << run.name << ", head " << head << ", " << span.query_count
                                    << " queries, " << span.key_count << " keys");
    const auto queries_of = [&](const Block& block) {
      return head_values(block, span.query_first, span.query_count, head, dim);
    };
    const auto first = static_cast<std::size_t>(head * c.query_rows + span.query_first);
    EXPECT_TRUE(test::near(queries_of(o.out), out, rounding * v_norm)) << "out";
    EXPECT_TRUE(test::near(std::span(o.log_sum).subspan(first, at.queries), log_sum, score_rounding))
        << "log_sum";
    EXPECT_TRUE(test::near(queries_of(o.dq), d.q, slope * v_norm * k_norm / root)) << "dq";
  }
}

void expect_span(const Case& c, const std::vector<Run>& runs, const AttentionSpan& span) {
  for (std::int64_t first = 0; first < c.shape.num_heads; first += c.shape.group_size()) {
    GroupSum sum;
    for (std::int64_t head = first; head < first + c.shape.group_size(); ++head)
      expect_head(c, runs, span, head, sum);
    for (const Run& run : runs) {
      SCOPED_TRACE(testing::Message() << run.name << ", heads from " << first << ", " << span.query_count
                                      << " queries, " << span.key_count << " keys");
      const auto keys_of = [&](const Block& block) {
        return head_values(block, span.key_first, span.key_count, first / c.shape.group_size(),
                           c.shape.head_dim);
      };
      EXPECT_TRUE(test::near(keys_of(run.outputs.dk), sum.d.k, sum.k_tolerance)) << "dk";
      EXPECT_TRUE(test::near(keys_of(run.outputs.dv), sum.d.v, sum.v_tolerance)) << "dv";
    }
  }
}

void expect_gaps_untouched(const Block& block, const std::vector<AttentionSpan>& spans, bool keys) {
  std::vector<bool> inside(static_cast<std::size_t>(block.rows));
  for (const AttentionSpan& span : spans)
    for (std::int64_t i = 0; i < (keys ? span.key_count : span.query_count); ++i)
      inside[static_cast<std::size_t>((keys ? span.key_first : span.query_first) + i)] = true;
  for (std::int64_t i = 0; i < block.rows; ++i)
    for (std::int64_t j = inside[static_cast<std::size_t>(i)] ? block.cols : 0; j < block.stride; ++j)
      ASSERT_EQ(block.at(i, j), kUntouched) << "row " << i << ", column " << j;
}

void expect_matches(const Case& c) {
  SCOPED_TRACE(testing::Message() << c.shape.num_heads << " heads of " << c.shape.head_dim << ", rate "
                                  << c.rate);
  std::vector<Run> runs;
  test::for_each_instruction_set([&](const char* name) { runs.push_back({name, run(c)}); });
  for (const AttentionSpan& span : c.spans) expect_span(c, runs, span);
  for (const Run& done : runs) {
    SCOPED_TRACE(done.name);
    expect_gaps_untouched(done.outputs.out, c.spans, false);
    expect_gaps_untouched(done.outputs.dq, c.spans, false);
    expect_gaps_untouched(done.outputs.dk, c.spans, true);
    expect_gaps_untouched(done.outputs.dv, c.spans, true);
  }
}

/// Queries below, at and above one block of 48, fewer than keys, one and none.
const std::vector<Lengths> kMixed = {{1, 1},   {2, 2},   {3, 3},   {17, 17}, {1, 70},  {0, 5},
                                     {35, 35}, {47, 47}, {48, 48}, {49, 49}, {70, 70}, {96, 100},
                                     {97, 97}, {5, 300}, {0, 1},   {8, 8}};

TEST(Attention, MatchesReference) {
  for (const std::int64_t dim : {12, 16, 32, 64})
    for (const float rate : {0.0f, 0.3f}) expect_matches(Case({3, dim}, rate, kMixed));
  expect_matches(Case({1, 64}, 0.1f, {{300, 300}}));
  expect_matches(Case({2, 7}, 0.1f, {{5, 9}, {9, 9}}));
}

TEST(Attention, CausalWithAndWithoutWindow) {
  for (const std::int64_t window : {1, 3, 20, 1000})
    for (const float rate : {0.0f, 0.3f}) {
      SCOPED_TRACE(window);
      expect_matches(Case({3, 16}, rate, kMixed).causal(window));
    }
  expect_matches(Case({1, 64}, 0.1f, {{300, 300}, {300, 330}}).causal(70));
}

TEST(Attention, HeadsShareKeysAndValues) {
  for (const float rate : {0.0f, 0.3f}) {
    expect_matches(Case({6, 16, 2}, rate, kMixed));
    expect_matches(Case({6, 16, 2}, rate, kMixed).causal(1000));
    expect_matches(Case({4, 12, 1}, rate, kMixed).causal(9));
  }
}

TEST(Attention, RoundsToBf16WhereItMay) {
  for (const float rate : {0.0f, 0.3f}) {
    for (const std::int64_t dim : {16, 64})
      expect_matches(Case({.num_heads = 3, .head_dim = dim, .may_round = true}, rate, kMixed));
    expect_matches(Case({.num_heads = 2, .head_dim = 7, .may_round = true}, rate, {{5, 9}, {9, 9}}));
    const AttentionShape grouped{.num_heads = 6, .head_dim = 12, .num_key_value_heads = 2, .may_round = true};
    for (const std::int64_t window : {3, 20, 1000})
      expect_matches(Case(grouped, rate, kMixed).causal(window));
  }
}

/// All of what it multiplies, where there are units for that, or nothing.
TEST(Attention, RoundsItsInputsWhereThereAreUnits) {
  test::for_each_instruction_set([] {
    const Case exact({.num_heads = 3, .head_dim = 16}, 0.2f, kMixed);
    Case rounding = exact;
    rounding.shape.may_round = true;
    const Outputs got = run(rounding);
    EXPECT_EQ(got == run(exact), !has_units_for(PanelType::bf16));
    if (!has_units_for(PanelType::bf16)) return;
    rounding.round_inputs();
    EXPECT_TRUE(got == run(rounding));
  });
}

TEST(Attention, EveryLength) {
  std::vector<Lengths> lengths;
  for (std::int64_t length = 1; length <= 70; ++length)
    lengths.push_back({1 + length % 7 * length / 7, length});
  expect_matches(Case({1, 12}, 0.2f, lengths));
}

/// The reference's own gradients, and the kernel's, by differences of the reference's forward pass.
TEST(Attention, GradientsMatchDifferences) {
  for (const float rate : {0.0f, 0.4f}) {
    const Case c({2, 12}, rate, {{5, 5}, {1, 9}, {3, 17}});
    const Outputs o = run(c);
    for (const AttentionSpan& span : c.spans)
      for (std::int64_t head = 0; head < 2; ++head) {
        const reference::Head at = reference_head(c, span, head);
        const Values d_out =
            test::to_double(head_values(c.d_out, span.query_first, span.query_count, head, 12));
        const auto differences = [&](Values reference::Head::*part) {
          return reference::finite_differences(at.*part, 1e-4, [&](const Values& values) {
            reference::Head moved = at;
            moved.*part = values;
            const Values out = reference::attention(moved);
            double loss = 0;
            for (std::size_t i = 0; i < out.size(); ++i) loss += out[i] * d_out[i];
            return loss;
          });
        };
        const reference::HeadGradients slow = reference::attention_gradients(at, d_out);
        const double scale = test::norm(d_out) * largest_row_norm(at.v, 12) * largest_row_norm(at.k, 12);
        const auto expect = [&](const Values& want, const Values& analytic, const std::vector<float>& got) {
          for (std::size_t i = 0; i < want.size(); ++i) ASSERT_NEAR(analytic[i], want[i], 1e-6) << i;
          EXPECT_TRUE(test::near(got, want, 8 * kEpsilon * scale + 1e-6));
        };
        expect(differences(&reference::Head::q), slow.q,
               head_values(o.dq, span.query_first, span.query_count, head, 12));
        expect(differences(&reference::Head::k), slow.k,
               head_values(o.dk, span.key_first, span.key_count, head, 12));
        expect(differences(&reference::Head::v), slow.v,
               head_values(o.dv, span.key_first, span.key_count, head, 12));
      }
  }
}

TEST(Attention, LargeScoresNeitherOverflowNorVanish) {
  test::for_each_instruction_set([] {
    Case c({1, 16}, 0, {{3, 19}});
    for (float& value : c.q.values) value *= 100;
    for (float& value : c.k.values) value *= 100;
    const Outputs o = run(c);
    for (const float value : head_values(o.out, 1, 3, 0, 16)) EXPECT_LE(std::abs(value), 6);
    for (const Block* block : {&o.dq, &o.dk, &o.dv})
      for (const float value : block->values) EXPECT_TRUE(std::isfinite(value));
  });
}

TEST(Attention, LogSumIsOptional) {
  const Case c({2, 16}, 0.2f, kMixed);
  const Outputs full = run(c);
  Block out = Block::untouched(c.query_rows, c.width, c.width + 3);
  attention(c.shape, c.spans, c.visible, c.q.view(), c.k.view(), c.v.view(), {c.rate, c.keys},
            out.mutable_view(), nullptr);
  EXPECT_EQ(full.out.values, out.values);
}

/// A sequence's result does not depend on what else is in the call.
TEST(Attention, SequencesAreIndependent) {
  const Case c({3, 16}, 0.2f, kMixed);
  const Outputs all = run(c);
  Case alone = c;
  for (const AttentionSpan& span : c.spans) {
    alone.spans = {span};
    const Outputs one = run(alone);
    for (std::int64_t head = 0; head < 3; ++head)
      EXPECT_EQ(head_values(all.out, span.query_first, span.query_count, head, 16),
                head_values(one.out, span.query_first, span.query_count, head, 16));
  }
}

TEST(Attention, Deterministic) {
  for (const float rate : {0.0f, 0.1f}) {
    for (const bool may_round : {false, true}) {
      const Case c({4, 32, 0, may_round}, rate, kMixed);
      const Case grouped = Case({4, 32, 2, may_round}, rate, kMixed).causal(30);
      test::expect_deterministic([&] { return run(c); });
      test::expect_deterministic([&] { return run(grouped); });
    }
  }
}

}  // namespace
}  // namespace incipit
