#include "backbone/encoder.h"

#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "backbone/test_support.h"
#include "base/parallel.h"
#include "base/rng.h"

namespace incipit {
namespace {

using test::pack;
using test::Piece;
using test::random_linear;
using test::random_matrix;
using test::random_vector;
using test::text;

constexpr std::int64_t kHidden = 24, kLayers = 3, kHeads = 3, kInner = 40, kVocab = 30, kPositions = 400;

LayerNorm random_norm(Rng& rng) {
  return {random_vector(kHidden, 1, 0.2, rng), random_vector(kHidden, 0, 0.2, rng), 1e-5f};
}

std::unique_ptr<Backbone> random_encoder(float dropout = 0, bool rounds = false) {
  Rng rng(3);
  BackboneSpec spec;
  spec.hidden_size = kHidden;
  spec.num_layers = kLayers;
  spec.num_attention_heads = kHeads;
  spec.intermediate_size = kInner;
  spec.vocab_size = kVocab;
  spec.positions = {0, kPositions, std::nullopt};
  EncoderShape shape;
  shape.attention = {kHeads, kHidden / kHeads};
  shape.hidden_dropout = dropout;
  shape.attention_dropout = dropout;
  shape.keeps_bf16 = rounds;
  EncoderWeights weights;
  weights.embeddings.word = EmbeddingTable(random_matrix(kVocab, kHidden, 0.7, rng), false);
  weights.embeddings.position = random_matrix(kPositions, kHidden, 0.3, rng);
  weights.embeddings.type = random_matrix(2, kHidden, 0.3, rng);
  weights.embeddings.norm = random_norm(rng);
  for (std::int64_t l = 0; l < kLayers; ++l)
    weights.layers.push_back({random_linear(kHidden, kHidden, rng), random_linear(2 * kHidden, kHidden, rng),
                              random_linear(kHidden, kHidden, rng), random_linear(kInner, kHidden, rng),
                              random_linear(kHidden, kInner, rng), random_norm(rng), random_norm(rng)});
  return make_encoder(spec, shape, std::move(weights));
}

/// Prompts of every kind in one batch: input, late at two depths, inside the text; also shared rows and plain
/// text.
std::vector<Piece> mixed_prompts() {
  return {
      {{-1, -2, 4, 5, 6, 7}, {0, 0, 0, 0, 0, 0}, {0}, 1},
      {{-3, -4, 8, 9, 1}, {1, 1, 0, 0, 0}, {0, 2, 3, 4}, 2},
      {{2, -5, 3, 11, 12, 13, 14}, {0, 2, 0, 0, 0, 0, 0}, {2}, 3},
      {{15, -6, 16, -1, 17}, {0, 0, 0, 0, 0}, {1, 4}, 4},
      {{18, 19, 20}, {0, 0, 0}, {1}, 5},
  };
}

class MixedPrompts : public testing::TestWithParam<float> {};

INSTANTIATE_TEST_SUITE_P(Dropout, MixedPrompts, testing::Values(0.0f, 0.2f));

TEST_P(MixedPrompts, GradientsByFiniteDifferences) {
  Rng rng(5);
  Matrix rows = random_matrix(6, kHidden, 0.6, rng);
  Want want;
  want.trace = true;
  if (GetParam() > 0) want.dropout = DropoutKey{7, 9};
  test::expect_finite_differences(*random_encoder(GetParam()), pack(mixed_prompts()), rows, want);
  test::expect_finite_differences(*random_encoder(GetParam(), true), pack(mixed_prompts()), rows, want, 0.02);
}

TEST(Encoder, PackedEqualsOneByOneInAnyOrder) {
  const auto encoder = random_encoder();
  const auto pass = encoder->new_pass();
  Rng rng(6);
  const Matrix rows = random_matrix(6, kHidden, 0.6, rng);
  std::vector<Piece> pieces = mixed_prompts();
  for (const std::int64_t length : {1, 2, 17, 64, 65, 129, 300})
    pieces.push_back(text(length, 100 + length, {0, length - 1}));
  pieces[5].reads = {0};

  std::vector<Matrix> singles(pieces.size()), d_singles(pieces.size());
  Matrix d_sum(6, kHidden);
  for (std::size_t p = 0; p < pieces.size(); ++p) {
    const PackedBatch batch = pack({pieces[p]});
    ASSERT_TRUE(encoder->forward(batch, {rows.view(), {}}, {true, {}}, *pass, singles[p]));
    Matrix ones(singles[p].rows(), kHidden);
    ones.fill(1.0f);
    for (std::int64_t j = 0; j < kHidden; ++j) ones.row(0)[j] = static_cast<float>(j);
    encoder->backward(batch, *pass, std::as_const(ones).view(), d_sum.view());
    d_singles[p] = std::move(ones);
  }
  std::vector<std::size_t> order(pieces.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    Rng(seed).shuffle(std::span(order));
    std::vector<Piece> shuffled;
    for (const std::size_t p : order) shuffled.push_back(pieces[p]);
    const PackedBatch batch = pack(shuffled);
    Matrix out;
    ASSERT_TRUE(encoder->forward(batch, {rows.view(), {}}, {true, {}}, *pass, out));
    std::int64_t row = 0;
    Matrix d_out(out.rows(), kHidden);
    for (const std::size_t p : order)
      for (std::int64_t i = 0; i < singles[p].rows(); ++i, ++row)
        for (std::int64_t j = 0; j < kHidden; ++j) {
          EXPECT_NEAR(out.row(row)[j], singles[p].row(i)[j], 2e-5) << "piece " << p;
          d_out.row(row)[j] = d_singles[p].row(i)[j];
        }
    Matrix gradient(6, kHidden);
    encoder->backward(batch, *pass, std::as_const(d_out).view(), gradient.view());
    for (std::int64_t i = 0; i < gradient.size(); ++i) EXPECT_NEAR(gradient.data()[i], d_sum.data()[i], 5e-4);
  }
}

TEST(Encoder, ResumingFromHiddenStatesChangesNothing) {
  const auto encoder = random_encoder();
  const auto pass = encoder->new_pass();
  Rng rng(8);
  const Matrix rows = random_matrix(6, kHidden, 0.6, rng);
  for (const std::int64_t layer : {1, 2}) {
    Piece plain = text(9, 1, {});
    Matrix hidden;
    ASSERT_TRUE(encoder->hidden_states(pack({plain}), {}, layer, *pass, hidden));

    // A late prompt in front of the text, with the layers below it run, and taken from before.
    Piece late = plain;
    late.tokens.insert(late.tokens.begin(), {-3, -4});
    late.entries.insert(late.entries.begin(), {static_cast<int>(layer), static_cast<int>(layer)});
    late.reads = {0, 5};
    Piece resumed = late;
    resumed.entries.assign(resumed.entries.size(), static_cast<int>(layer));
    Piece other = text(4, 2, {1});  // beside it in the batch, from the embeddings
    // Positions of the text must be those it had alone.
    PackedBatch whole = pack({late, other}), rest = pack({resumed, other});
    for (std::size_t i = 0; i < 9; ++i) whole.position[i + 2] = static_cast<std::int32_t>(i);
    for (std::size_t i = 0; i < 9; ++i) whole.token_type[i + 2] = static_cast<std::int8_t>(i % 2);
    Matrix expected, actual, d_expected(6, kHidden), d_actual(6, kHidden);
    ASSERT_TRUE(encoder->forward(whole, {rows.view(), {}}, {true, {}}, *pass, expected));
    Matrix ones(expected.rows(), kHidden);
    for (float& value : ones.values()) value = static_cast<float>(rng.normal());
    encoder->backward(whole, *pass, std::as_const(ones).view(), d_expected.view());
    const Status status =
        encoder->forward(rest, {rows.view(), std::as_const(hidden).view()}, {true, {}}, *pass, actual);
    ASSERT_TRUE(status) << status.error().message;
    encoder->backward(rest, *pass, std::as_const(ones).view(), d_actual.view());
    for (std::int64_t i = 0; i < expected.size(); ++i)
      EXPECT_NEAR(actual.data()[i], expected.data()[i], 1e-5);
    for (std::int64_t i = 0; i < d_expected.size(); ++i)
      EXPECT_NEAR(d_actual.data()[i], d_expected.data()[i], 1e-4);
  }
}

TEST(Encoder, TextBelowALatePromptDoesNotSeeIt) {
  const auto encoder = random_encoder();
  const auto pass = encoder->new_pass();
  Rng rng(8);
  const Matrix one = random_matrix(1, kHidden, 0.6, rng), two = random_matrix(1, kHidden, 0.6, rng);
  const PackedBatch batch = pack({{{-1, 4, 5}, {2, 0, 0}, {}, 0}});
  Matrix a, b;
  for (const std::int64_t layer : {1, 2}) {
    ASSERT_TRUE(encoder->hidden_states(batch, {one.view(), {}}, layer, *pass, a));
    ASSERT_TRUE(encoder->hidden_states(batch, {two.view(), {}}, layer, *pass, b));
    for (std::int64_t i = 0; i < a.size(); ++i) EXPECT_EQ(a.data()[i], b.data()[i]);
    for (std::int64_t j = 0; j < kHidden; ++j)
      EXPECT_EQ(a.row(0)[j], 0.0f) << "the prompt has not joined yet";
  }
  ASSERT_TRUE(encoder->hidden_states(batch, {one.view(), {}}, 3, *pass, a));
  ASSERT_TRUE(encoder->hidden_states(batch, {two.view(), {}}, 3, *pass, b));
  EXPECT_NE(a.row(1)[0], b.row(1)[0]);
}

TEST(Encoder, DropoutFollowsTheExampleNotTheBatch) {
  const auto encoder = random_encoder(0.3f);
  const auto pass = encoder->new_pass();
  const Want want{false, DropoutKey{1, 2}};
  const Piece a = text(12, 1, {0}), b = text(7, 2, {0});
  Matrix alone, together, later;
  ASSERT_TRUE(encoder->forward(pack({a}), {}, want, *pass, alone));
  ASSERT_TRUE(encoder->forward(pack({b, a}), {}, want, *pass, together));
  ASSERT_TRUE(encoder->forward(pack({a}), {}, {false, DropoutKey{1, 3}}, *pass, later));
  for (std::int64_t j = 0; j < kHidden; ++j) EXPECT_NEAR(alone.row(0)[j], together.row(1)[j], 1e-5);
  EXPECT_GT(std::abs(alone.row(0)[0] - later.row(0)[0]) + std::abs(alone.row(0)[1] - later.row(0)[1]), 1e-3);
}

TEST(Encoder, SameBytesEveryTime) {
  const auto encoder = random_encoder();
  Rng rng(6);
  const Matrix rows = random_matrix(6, kHidden, 0.6, rng);
  const PackedBatch batch = pack(mixed_prompts());
  Matrix first, d_first(6, kHidden);
  for (int round = 0; round < 4; ++round) {
    const auto pass = encoder->new_pass();
    Matrix out, gradient(6, kHidden);
    ASSERT_TRUE(encoder->forward(batch, {rows.view(), {}}, {true, {}}, *pass, out));
    encoder->backward(batch, *pass, std::as_const(out).view(), gradient.view());
    if (round == 0) {
      first = std::move(out);
      d_first = std::move(gradient);
      continue;
    }
    EXPECT_TRUE(std::equal(first.values().begin(), first.values().end(), out.values().begin()));
    EXPECT_TRUE(std::equal(d_first.values().begin(), d_first.values().end(), gradient.values().begin()));
  }
}

TEST(Encoder, RefusesWhatIsOutside) {
  const auto encoder = random_encoder();
  const auto pass = encoder->new_pass();
  Matrix out;
  const auto message = [&](const PackedBatch& batch, const Inputs& inputs) {
    const Status status = encoder->forward(batch, inputs, {}, *pass, out);
    return status ? std::string("accepted") : status.error().message;
  };
  EXPECT_NE(message(pack({{{kVocab}, {0}, {0}, 0}}), {}).find("id 30 is outside"), std::string::npos);
  EXPECT_NE(message(pack({{{-1, 2}, {0, 0}, {0}, 0}}), {}).find("virtual row 0 of 0"), std::string::npos);
  EXPECT_NE(message(pack({{{1, 2}, {0, 1}, {0}, 0}}), {}).find("1 tokens resume"), std::string::npos);
  EXPECT_NE(message(pack({text(kPositions + 1, 1, {0})}), {}).find("position 400"), std::string::npos);
  EXPECT_NE(message(pack({text(3, 1, {})}), {}).find("nothing to read"), std::string::npos);
  Piece child = text(3, 2, {1});
  child.parent = 0;
  EXPECT_NE(message(pack({text(3, 1, {0}), child}), {}).find("a bidirectional model cannot"),
            std::string::npos);
  KvBlock block;
  const KvBlock* const blocks[] = {&block};
  KvBlock* const keep[] = {&block};
  PackedBatch behind = pack({text(3, 1, {0})});
  Want want;
  want.keep_kv = keep;
  EXPECT_NE(encoder->forward(behind, {}, want, *pass, out).error().message.find("cannot be continued"),
            std::string::npos);
  behind.sequences[0].kv_block = 0;
  EXPECT_NE(message(behind, {{}, {}, blocks}).find("a bidirectional model cannot"), std::string::npos);
}

}  // namespace
}  // namespace incipit
