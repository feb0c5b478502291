#include "backbone/decoder.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <ostream>

#include <gtest/gtest.h>

#include "backbone/decoder_test_support.h"
#include "base/rng.h"

namespace incipit {
namespace {

using test::DecoderFixture;
using test::expect_near;
using test::joined;
using test::kHidden;
using test::kKinds;
using test::kPositions;
using test::kVocab;
using test::pack;
using test::Piece;
using test::random_matrix;
using test::text;

/// Prompts of every kind in one batch: input, late at two depths, inside and behind the text; also shared
/// rows and plain text.
std::vector<Piece> mixed_prompts() {
  return {
      {{-1, -2, 4, 5, 6, 7}, {0, 0, 0, 0, 0, 0}, {5}, 1},
      {{-3, -4, 8, 9, 1}, {1, 1, 0, 0, 0}, {2, 3, 4}, 2},
      {{2, -5, 3, 11, 12, 13, 14}, {0, 2, 0, 0, 0, 0, 0}, {1, 6}, 3},
      {{15, -6, 16, -1, 17}, {0, 0, 0, 0, 0}, {1, 4}, 4},
      {{18, 19, 20}, {0, 0, 0}, {1}, 5},
  };
}

/// A tree of texts: a prompt, two that continue it, two that continue the first of these.
std::vector<Piece> family(int prompt_entry) {
  std::vector<Piece> pieces = {
      {{-1, -2, 3, -3}, {prompt_entry, prompt_entry, 0, 0}, {2}, 1},
      {{4, 5, 6}, {0, 0, 0}, {}, 2, 0},
      {{7, 8}, {0, 0}, {1}, 3, 0},
      {{9, -4, 10}, {0, 2, 0}, {0, 2}, 4, 1},
      {{11}, {0}, {0}, 5, 1},
  };
  pieces[1].first_position = pieces[2].first_position = 4;
  pieces[3].first_position = pieces[4].first_position = 7;
  return pieces;
}

class Decoder : public DecoderFixture {};
INSTANTIATE_TEST_SUITE_P(Kinds, Decoder, testing::ValuesIn(kKinds),
                         [](const auto& kind) { return std::string(kind.param.name); });

TEST_P(Decoder, GradientsByFiniteDifferences) {
  Rng rng(5);
  Matrix rows = random_matrix(6, kHidden, 0.6, rng);
  Want want;
  want.trace = true;
  if (GetParam().dropout > 0) want.dropout = DropoutKey{7, 9};
  test::expect_finite_differences(*decoder_, pack(mixed_prompts()), rows, want);
  test::expect_finite_differences(*random_decoder(GetParam(), true), pack(mixed_prompts()), rows, want, 0.02);
  for (const int entry : {0, 1}) test::expect_finite_differences(*decoder_, pack(family(entry)), rows, want);
}

TEST_P(Decoder, PackedEqualsOneByOneInAnyOrder) {
  Rng rng(6);
  const Matrix rows = random_matrix(6, kHidden, 0.6, rng);
  std::vector<Piece> pieces = mixed_prompts();
  for (const std::int64_t length : {1, 2, 17, 64, 65, 129, 300}) {
    pieces.push_back(text(length, 100 + static_cast<std::uint64_t>(length), {length - 1}));
    if (length > 2) pieces.back().reads = {length / 2, length - 1};
  }
  std::vector<Matrix> singles, d_singles;
  Matrix d_sum(6, kHidden);
  for (const Piece& piece : pieces) {
    Matrix d_out = random_matrix(std::ssize(piece.reads), kHidden, 1, rng), gradient;
    singles.push_back(run(pack({piece}), rows, &gradient, &d_out));
    for (std::int64_t i = 0; i < d_sum.size(); ++i) d_sum.data()[i] += gradient.data()[i];
    d_singles.push_back(std::move(d_out));
  }
  std::vector<std::size_t> order(pieces.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    Rng(seed).shuffle(std::span(order));
    std::vector<Piece> shuffled;
    std::int64_t reads = 0;
    for (const std::size_t p : order) {
      shuffled.push_back(pieces[p]);
      reads += singles[p].rows();
    }
    Matrix expected(reads, kHidden), d_out(reads, kHidden), gradient;
    std::int64_t row = 0;
    for (const std::size_t p : order) {
      std::copy_n(singles[p].data(), singles[p].size(), expected.row(row));
      std::copy_n(d_singles[p].data(), d_singles[p].size(), d_out.row(row));
      row += singles[p].rows();
    }
    expect_near(run(pack(shuffled), rows, &gradient, &d_out), expected, 2e-5);
    expect_near(gradient, d_sum, 5e-4);
  }
}

TEST_P(Decoder, ContinuingEqualsStandingBehind) {
  Rng rng(6);
  const Matrix rows = random_matrix(6, kHidden, 0.6, rng);
  for (const int entry : {0, 1}) {
    const std::vector<Piece> tree = family(entry);
    // In the order of the tree's reads: the prompt's and the child's in one sequence, then the grandchildren.
    const std::vector<Piece> whole = {joined({&tree[0], &tree[2]}, {2, 5}),
                                      joined({&tree[0], &tree[1], &tree[3]}, {7, 9}),
                                      joined({&tree[0], &tree[1], &tree[4]}, {7})};
    const Matrix d_out = random_matrix(5, kHidden, 1, rng);
    Matrix gradient, d_whole;
    PackedBatch batch = pack(whole);
    const Matrix expected = run(batch, rows, &d_whole, &d_out);
    expect_near(run(pack(tree), rows, &gradient, &d_out), expected, 2e-5);
    expect_near(gradient, d_whole, 2e-4);
    // Beside others, in another order of the children.
    std::vector<Piece> mixed = mixed_prompts();
    const std::int64_t before = std::ssize(mixed);
    for (Piece piece : tree) {
      if (piece.parent >= 0) piece.parent += before;
      mixed.push_back(std::move(piece));
    }
    const Matrix beside = run(pack(mixed), rows);
    for (std::int64_t i = 0; i < expected.rows(); ++i)
      for (std::int64_t j = 0; j < kHidden; ++j)
        EXPECT_NEAR(beside.row(beside.rows() - expected.rows() + i)[j], expected.row(i)[j], 2e-5);
  }
}

TEST_P(Decoder, NothingBehindATokenMatters) {
  Rng rng(6);
  const Matrix rows = random_matrix(6, kHidden, 0.6, rng);
  Piece piece = text(9, 1, {0, 3});
  const Matrix before = run(pack({piece}), rows);
  for (std::size_t i = 4; i < 9; ++i) piece.tokens[i] = (piece.tokens[i] + 7) % static_cast<int>(kVocab);
  piece.tokens.push_back(-1);
  piece.entries.push_back(1);
  expect_near(run(pack({piece}), rows), before, 1e-6);
  piece.tokens[1] = (piece.tokens[1] + 7) % static_cast<int>(kVocab);
  const Matrix after = run(pack({piece}), rows);
  EXPECT_NE(after.row(1)[0], before.row(1)[0]) << "what is before it does";
}

TEST_P(Decoder, ResumingFromHiddenStatesChangesNothing) {
  const auto pass = decoder_->new_pass();
  Rng rng(8);
  const Matrix rows = random_matrix(6, kHidden, 0.6, rng);
  for (const std::int64_t layer : {1, 2}) {
    const Piece plain = text(9, 1, {});
    Matrix hidden;
    ASSERT_TRUE(decoder_->hidden_states(pack({plain}), {}, layer, *pass, hidden));
    Piece late = plain;
    late.tokens.insert(late.tokens.begin(), {-3, -4});
    late.entries.insert(late.entries.begin(), {static_cast<int>(layer), static_cast<int>(layer)});
    late.reads = {5, 10};
    Piece resumed = late;
    resumed.entries.assign(resumed.entries.size(), static_cast<int>(layer));
    PackedBatch whole = pack({late}), rest = pack({resumed});
    for (PackedBatch* batch : {&whole, &rest})
      for (std::size_t i = 0; i < 9; ++i) batch->position[i + 2] = static_cast<std::int32_t>(i);
    const Matrix d_out = random_matrix(2, kHidden, 1, rng);
    Matrix d_whole, resumed_out, d_rest(6, kHidden);
    const Matrix expected = run(whole, rows, &d_whole, &d_out);
    const Status status =
        decoder_->forward(rest, {rows.view(), std::as_const(hidden).view()}, {true, {}}, *pass, resumed_out);
    ASSERT_TRUE(status) << status.error().message;
    decoder_->backward(rest, *pass, d_out.view(), d_rest.view());
    expect_near(resumed_out, expected, 1e-5);
    expect_near(d_rest, d_whole, 1e-4);
  }
}

TEST_P(Decoder, SameBytesEveryTime) {
  Rng rng(6);
  const Matrix rows = random_matrix(6, kHidden, 0.6, rng);
  const PackedBatch batch = pack(family(1));
  const Matrix d_out = random_matrix(5, kHidden, 1, rng);
  Matrix d_first;
  const Matrix first = run(batch, rows, &d_first, &d_out);
  for (int round = 0; round < 3; ++round) {
    Matrix gradient;
    const Matrix out = run(batch, rows, &gradient, &d_out);
    EXPECT_TRUE(
        std::equal(first.values().begin(), first.values().end(), std::as_const(out).values().begin()));
    EXPECT_TRUE(std::equal(std::as_const(d_first).values().begin(), std::as_const(d_first).values().end(),
                           std::as_const(gradient).values().begin()));
  }
}

class DecoderDropout : public Decoder {};
INSTANTIATE_TEST_SUITE_P(Kinds, DecoderDropout, testing::Values(kKinds[3], kKinds[4]),
                         [](const auto& kind) { return std::string(kind.param.name); });

TEST_P(DecoderDropout, FollowsTheExampleNotTheBatch) {
  const auto pass = decoder_->new_pass();
  const Want want{false, DropoutKey{1, 2}};
  const Piece a = text(12, 1, {11}), b = text(7, 2, {6});
  Matrix alone, together, later;
  ASSERT_TRUE(decoder_->forward(pack({a}), {}, want, *pass, alone));
  ASSERT_TRUE(decoder_->forward(pack({b, a}), {}, want, *pass, together));
  ASSERT_TRUE(decoder_->forward(pack({a}), {}, {false, DropoutKey{1, 3}}, *pass, later));
  for (std::int64_t j = 0; j < kHidden; ++j) EXPECT_NEAR(alone.row(0)[j], together.row(1)[j], 1e-5);
  EXPECT_GT(std::abs(alone.row(0)[0] - later.row(0)[0]) + std::abs(alone.row(0)[1] - later.row(0)[1]), 1e-3);
}

TEST_P(Decoder, RefusesWhatIsOutside) {
  const auto pass = decoder_->new_pass();
  Matrix out;
  const auto message = [&](const PackedBatch& batch) {
    const Status status = decoder_->forward(batch, {}, {}, *pass, out);
    return status ? std::string("accepted") : status.error().message;
  };
  EXPECT_NE(message(pack({text(kPositions + 1, 1, {0})})).find("position 400"), std::string::npos);
  PackedBatch batch = pack({text(3, 1, {0})});
  batch.position[1] = -1;
  EXPECT_NE(message(batch).find("token 1: position -1"), std::string::npos);
  Piece child = text(3, 2, {1});
  child.parent = 1;
  EXPECT_NE(message(pack({text(3, 1, {0}), child})).find("sequence 1 continues"), std::string::npos);
}

}  // namespace
}  // namespace incipit
