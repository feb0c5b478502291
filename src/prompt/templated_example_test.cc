#include "prompt/templated_example.h"

#include <gtest/gtest.h>

#include "prompt/template.h"

namespace incipit {
namespace {

using Ints = std::vector<std::int32_t>;

constexpr PositionRule kBert{0, 512, std::nullopt};
const PositionRule kRoberta{2, 512, 1};
const Encoding kPair{{0, 7, 1, 9, 2}, {0, 0, 0, 1, 1}, 3};

/// The same as a prompt that had fewer tokens, but for the rows' numbers.
void expect_same_places(const TemplatedExample& a, const TemplatedExample& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.token.size(); ++i)
    EXPECT_EQ(std::max(a.token[i], -1), std::max(b.token[i], -1));
  EXPECT_EQ(a.position, b.position);
  EXPECT_EQ(a.token_type, b.token_type);
  EXPECT_EQ(a.entry, b.entry);
  EXPECT_EQ(a.cls, b.cls);
  EXPECT_EQ(a.mask, b.mask);
  EXPECT_EQ(a.truncated, b.truncated);
}

TEST(TemplatedExample, WithoutARowIsAPromptOfOneTokenLess) {
  for (const std::int64_t layer : {0, 2})
    for (const PositionRule& rule : {kBert, kRoberta}) {
      const TemplatedExample whole = Template(3, layer).arrange(kPair, rule);
      const TemplatedExample rest = without_rows(whole, {false, true, false}, rule);
      expect_same_places(rest, Template(2, layer).arrange(kPair, rule));
      EXPECT_EQ(rest.token, (Ints{-1, -3, 0, 7, 1, 9, 2}));
    }
}

TEST(TemplatedExample, WithoutAnyRowIsThePlainInput) {
  for (const std::int64_t layer : {0, 2}) {
    const TemplatedExample whole = Template(2, layer).arrange(kPair, kRoberta);
    const TemplatedExample rest = without_rows(whole, {true, true}, kRoberta);
    expect_same_places(rest, Template(0, 0).arrange(kPair, kRoberta));
    EXPECT_EQ(rest.position, (Ints{2, 3, 1, 4, 5})) << "RoBERTa does not count a literal <pad> then";
  }
}

TEST(TemplatedExample, TheBlankMovesWithItsToken) {
  TemplatedExample whole;
  whole.token = {5, -1, 6, -2, 7, -1, 8};  // row 0 stands twice
  whole.token_type.assign(7, 0);
  whole.entry.assign(7, 0);
  whole.mask = 4;
  number_positions(whole, kBert);
  EXPECT_EQ(whole.position, (Ints{0, 1, 2, 3, 4, 5, 6}));
  const TemplatedExample rest = without_rows(whole, {true, false}, kBert);
  EXPECT_EQ(rest.token, (Ints{5, 6, -2, 7, 8}));
  EXPECT_EQ(rest.position, (Ints{0, 1, 2, 3, 4}));
  EXPECT_EQ(rest.mask, 3);
  whole.mask = 5;  // what the last virtual token is followed by
  EXPECT_EQ(without_rows(whole, {true, false}, kBert).mask, 3);
}

}  // namespace
}  // namespace incipit
