// Shared by the tests of backbones.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "backbone/backbone.h"
#include "base/rng.h"
#include "ops/linear.h"
#include "tensor/matrix.h"

namespace incipit::test {

inline Matrix random_matrix(std::int64_t rows, std::int64_t cols, double scale, Rng& rng) {
  Matrix matrix(rows, cols);
  for (float& value : matrix.values()) value = static_cast<float>(scale * rng.normal());
  return matrix;
}

inline std::vector<float> random_vector(std::int64_t size, double centre, double scale, Rng& rng) {
  std::vector<float> values;
  for (std::int64_t i = 0; i < size; ++i) values.push_back(static_cast<float>(centre + scale * rng.normal()));
  return values;
}

inline Linear random_linear(std::int64_t out, std::int64_t in, Rng& rng) {
  const Matrix weight = random_matrix(out, in, 1.2 / std::sqrt(static_cast<double>(in)), rng);
  return {weight.view(), random_vector(out, 0, 0.1, rng)};
}

/// A sequence to put into a batch: word ids, or -1 - r, with entry layers; the places to read.
struct Piece {
  std::vector<std::int32_t> tokens;
  std::vector<int> entries;
  std::vector<std::int64_t> reads;
  std::uint64_t key = 0;
  std::int64_t parent = -1;
  std::int32_t first_position = 0;
};

inline PackedBatch pack(const std::vector<Piece>& pieces) {
  PackedBatch batch;
  for (const Piece& piece : pieces) {
    const std::int64_t first = batch.size();
    for (std::size_t i = 0; i < piece.tokens.size(); ++i) {
      batch.token.push_back(piece.tokens[i]);
      batch.position.push_back(piece.first_position + static_cast<std::int32_t>(i));
      batch.token_type.push_back(static_cast<std::int8_t>(i % 2));
      batch.entry.push_back(static_cast<std::uint8_t>(piece.entries[i]));
    }
    batch.sequences.push_back(
        {first, static_cast<std::int64_t>(piece.tokens.size()), piece.key, piece.parent});
    for (const std::int64_t read : piece.reads) batch.read.push_back(first + read);
  }
  return batch;
}

/// Words of ids below 30.
inline Piece text(std::int64_t length, std::uint64_t seed, std::vector<std::int64_t> reads) {
  Rng rng(seed);
  Piece piece;
  for (std::int64_t i = 0; i < length; ++i) piece.tokens.push_back(static_cast<std::int32_t>(rng.below(30)));
  piece.entries.assign(static_cast<std::size_t>(length), 0);
  piece.reads = std::move(reads);
  piece.key = seed;
  return piece;
}

/// The gradient that backward() gives for a weighted sum of what is read, against central differences.
inline void expect_finite_differences(const Backbone& backbone, const PackedBatch& batch, Matrix& rows,
                                      const Want& want, double tolerance = 5e-3) {
  const auto pass = backbone.new_pass();
  const std::int64_t hidden = backbone.spec().hidden_size;
  Rng rng(5);
  const Matrix weights = random_matrix(static_cast<std::int64_t>(batch.read.size()), hidden, 1.0, rng);
  Matrix out;
  const auto loss = [&] {
    const Status status = backbone.forward(batch, {std::as_const(rows).view(), {}}, want, *pass, out);
    EXPECT_TRUE(status) << status.error().message;
    double sum = 0;
    for (std::int64_t i = 0; i < out.size(); ++i)
      sum += static_cast<double>(out.data()[i]) * weights.data()[i];
    return sum;
  };
  loss();
  Matrix gradient(rows.rows(), hidden);
  backbone.backward(batch, *pass, weights.view(), gradient.view());
  double largest = 0;
  for (const float value : gradient.values())
    largest = std::max(largest, std::abs(static_cast<double>(value)));
  ASSERT_GT(largest, 0.1);
  constexpr float kStep = 1e-2f;
  for (std::int64_t i = 0; i < rows.size(); ++i) {
    const float start = rows.data()[i];
    rows.data()[i] = start + kStep;
    const double above = loss();
    rows.data()[i] = start - kStep;
    const double below = loss();
    rows.data()[i] = start;
    EXPECT_NEAR(gradient.data()[i], (above - below) / (2.0 * kStep), tolerance * largest)
        << "virtual row " << i / hidden << ", value " << i % hidden;
  }
}

}  // namespace incipit::test
