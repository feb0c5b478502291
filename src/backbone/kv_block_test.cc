#include "engine/kv_block.h"

#include <gtest/gtest.h>

#include "backbone/decoder_test_support.h"

namespace incipit {
namespace {

using test::expect_near;
using test::joined;
using test::kHidden;
using test::kKinds;
using test::kLayers;
using test::pack;
using test::Piece;
using test::random_matrix;
using test::text;

class KvBlocks : public test::DecoderFixture {};
INSTANTIATE_TEST_SUITE_P(Kinds, KvBlocks, testing::Values(kKinds[0], kKinds[1], kKinds[2]),
                         [](const auto& kind) { return std::string(kind.param.name); });

/// Text behind soft tokens, late ones too, in one pass and piece by piece.
TEST_P(KvBlocks, KeptKeysAndValuesStandForTheirTokens) {
  Rng rng(6);
  const Matrix rows = random_matrix(6, kHidden, 0.6, rng);
  Piece whole = text(20, 3, {});
  whole.tokens[0] = -1;
  whole.tokens[2] = -2;
  whole.tokens[12] = -3;
  whole.entries[2] = 1;
  whole.entries[12] = 2;
  for (std::int64_t i = 0; i < 20; ++i) whole.reads.push_back(i);
  const Matrix expected = run(pack({whole}), rows);
  const auto pass = decoder_->new_pass();
  KvBlock kept;
  const KvBlock* const blocks[] = {&kept};
  KvBlock* const keep[] = {&kept};
  Want want;
  want.keep_kv = keep;
  std::size_t begin = 0;
  for (const std::size_t count : {7u, 1u, 1u, 4u, 1u, 6u}) {
    const auto part = [&](const auto& all) {
      const auto first = all.begin() + static_cast<std::ptrdiff_t>(begin);
      return std::vector(first, first + static_cast<std::ptrdiff_t>(count));
    };
    Piece piece{part(whole.tokens), part(whole.entries), {}, 3};
    piece.first_position = static_cast<std::int32_t>(begin);
    for (std::size_t i = 0; i < count; ++i) piece.reads.push_back(static_cast<std::int64_t>(i));
    PackedBatch batch = pack({piece});
    batch.sequences[0].kv_block = 0;
    Matrix out;
    const Status status = decoder_->forward(batch, {rows.view(), {}, blocks}, want, *pass, out);
    ASSERT_TRUE(status) << status.error().message;
    for (std::int64_t i = 0; i < out.rows(); ++i)
      for (std::int64_t j = 0; j < kHidden; ++j)
        ASSERT_NEAR(out.row(i)[j], expected.row(static_cast<std::int64_t>(begin) + i)[j], 1e-5) << begin + i;
    begin += count;
  }
  EXPECT_EQ(kept.rows(0), 18);
  EXPECT_EQ(kept.rows(kLayers - 1), 20);
}

/// Two texts and a child of one behind the same block, which stays as it is.
TEST_P(KvBlocks, SeveralContinueOneBlock) {
  const auto pass = decoder_->new_pass();
  const Piece front = text(6, 1, {5}), other = text(5, 2, {4});
  std::vector<Piece> behind = {text(3, 4, {2}), text(4, 5, {1, 3}), text(2, 6, {1})};
  behind[0].first_position = behind[1].first_position = 6;
  behind[2].first_position = 10;
  behind[2].parent = 2;
  KvBlock block;
  KvBlock* const keep[] = {nullptr, &block};
  Want want;
  want.keep_kv = keep;
  Matrix out, beside;
  ASSERT_TRUE(decoder_->forward(pack({other, front}), {}, want, *pass, beside));
  ASSERT_EQ(block.rows(0), 6);
  PackedBatch batch = pack({other, behind[0], behind[1], behind[2]});
  batch.sequences[1].kv_block = batch.sequences[2].kv_block = 0;
  const KvBlock* const blocks[] = {&block};
  const Status status = decoder_->forward(batch, {{}, {}, blocks}, {}, *pass, out);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(block.rows(0), 6);
  const Matrix expected =
      run(pack({other, joined({&front, &behind[0]}, {8}), joined({&front, &behind[1]}, {7, 9}),
                joined({&front, &behind[1], &behind[2]}, {11})}),
          Matrix(0, kHidden));
  expect_near(out, expected, 1e-5);
}

TEST_P(KvBlocks, RefusesWhatDoesNotFit) {
  const auto pass = decoder_->new_pass();
  Matrix out;
  PackedBatch behind = pack({text(3, 1, {0})});
  behind.sequences[0].kv_block = 0;
  const Status nothing = decoder_->forward(behind, {}, {}, *pass, out);
  ASSERT_FALSE(nothing);
  EXPECT_NE(nothing.error().message.find("sequence 0 continues block 0 of 0"), std::string::npos);
  KvBlock block;
  const KvBlock* const blocks[] = {&block};
  const auto with_block = [&](const Want& want) {
    const Status status = decoder_->forward(behind, {{}, {}, blocks}, want, *pass, out);
    return status ? std::string("accepted") : status.error().message;
  };
  EXPECT_EQ(with_block({}), "accepted") << "nothing in front";
  EXPECT_NE(with_block({true, {}}).find("can be neither trained nor measured"), std::string::npos);
  block.append(0, Matrix(1, 10).view());
  EXPECT_NE(with_block({}).find("block 0: 1 layers of keys and values of 10, the model has 3"),
            std::string::npos);
  KvBlock* const keep[] = {&block, &block};
  Want want;
  want.keep_kv = keep;
  EXPECT_NE(decoder_->forward(pack({text(3, 1, {0})}), {}, want, *pass, out)
                .error()
                .message.find("1 sequences, 2 blocks"),
            std::string::npos);
}

}  // namespace
}  // namespace incipit
