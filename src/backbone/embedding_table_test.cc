#include "backbone/embedding_table.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "backbone/test_support.h"

namespace incipit {
namespace {

constexpr std::int64_t kWords = 20, kHidden = 37;

Matrix embeddings() {
  Rng rng(1);
  return test::random_matrix(kWords, kHidden, 1, rng);
}

std::vector<float> row_of(const EmbeddingTable& table, std::int64_t row) {
  std::vector<float> values(kHidden);
  table.copy_row(row, values);
  return values;
}

TEST(EmbeddingTable, IsExactUnlessToldToRound) {
  const Matrix exact = embeddings();
  const EmbeddingTable table(embeddings(), false), rounded(embeddings(), true);
  ASSERT_EQ(table.rows(), kWords);
  ASSERT_EQ(rounded.rows(), kWords);
  for (std::int64_t row = 0; row < kWords; ++row) {
    const std::vector<float> values = row_of(table, row), near = row_of(rounded, row);
    EXPECT_TRUE(std::equal(values.begin(), values.end(), exact.row(row)));
    EXPECT_NE(near, values);
    for (std::size_t i = 0; i < near.size(); ++i)
      EXPECT_NEAR(near[i], values[i], 0x1p-8 * std::abs(values[i]));
  }
}

TEST(EmbeddingTable, WhatIsBf16AnywayStaysAsItIs) {
  Matrix exact = embeddings();
  for (float& value : exact.values())
    value = std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) & 0xffff0000u);
  Matrix copy(kWords, kHidden);
  std::copy_n(exact.data(), exact.size(), copy.data());
  const EmbeddingTable table(std::move(copy), false);
  for (std::int64_t row = 0; row < kWords; ++row) {
    const std::vector<float> values = row_of(table, row);
    EXPECT_TRUE(std::equal(values.begin(), values.end(), exact.row(row)));
  }
}

}  // namespace
}  // namespace incipit
