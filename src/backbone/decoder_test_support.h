// Shared by the tests of decoders.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <ostream>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "backbone/decoder.h"
#include "backbone/test_support.h"
#include "base/rng.h"

namespace incipit::test {

inline constexpr std::int64_t kHidden = 24, kLayers = 3, kInner = 40, kVocab = 30, kPositions = 400;

/// The two kinds of the families: GPT-2's, and Llama's with everything that its kin may have.
struct Kind {
  const char* name;
  bool is_rotary = false;  // RMSNorm, gated, shared heads, heads wider than the hidden size
  std::int64_t window = 0;
  float dropout = 0;

  friend std::ostream& operator<<(std::ostream& stream, const Kind& kind) { return stream << kind.name; }
};

inline Norm random_norm(const Kind& kind, Rng& rng) {
  if (kind.is_rotary) return RmsNorm{random_vector(kHidden, 1, 0.2, rng), 1e-5f};
  return LayerNorm{random_vector(kHidden, 1, 0.2, rng), random_vector(kHidden, 0, 0.2, rng), 1e-5f};
}

inline std::unique_ptr<Backbone> random_decoder(const Kind& kind, bool rounds = false) {
  Rng rng(3);
  BackboneSpec spec;
  spec.hidden_size = kHidden;
  spec.num_layers = kLayers;
  spec.vocab_size = kVocab;
  spec.is_causal = true;
  spec.positions = {0, kPositions, std::nullopt};
  DecoderShape shape;
  shape.hidden_size = kHidden;
  shape.attention = kind.is_rotary ? AttentionShape{4, 8, 2} : AttentionShape{3, 8, 3};
  shape.activation = kind.is_rotary ? Activation::silu : Activation::gelu_tanh;
  shape.is_gated = kind.is_rotary;
  shape.windows = {0, kind.window, kind.window};
  shape.embedding_dropout = shape.hidden_dropout = shape.attention_dropout = kind.dropout;
  shape.keeps_bf16 = rounds;
  if (kind.is_rotary) shape.rotary_frequencies = {1.0f, 0.3f, 0.1f, 0.03f};
  spec.num_key_value_heads = shape.attention.num_key_value_heads;
  spec.head_dim = shape.attention.head_dim;
  const std::int64_t query = shape.query_width(), key = shape.key_width();
  DecoderWeights weights;
  weights.word = EmbeddingTable(random_matrix(kVocab, kHidden, 0.7, rng), false);
  if (!kind.is_rotary) weights.position = random_matrix(kPositions, kHidden, 0.3, rng);
  for (std::int64_t l = 0; l < kLayers; ++l) {
    const bool last = l == kLayers - 1;
    Norm attention_norm = random_norm(kind, rng), feed_forward_norm = random_norm(kind, rng);
    weights.layers.push_back(
        {std::move(attention_norm), last ? std::optional(random_linear(query, kHidden, rng)) : std::nullopt,
         random_linear(last ? 2 * key : query + 2 * key, kHidden, rng), random_linear(kHidden, query, rng),
         std::move(feed_forward_norm), random_linear(kind.is_rotary ? 2 * kInner : kInner, kHidden, rng),
         random_linear(kHidden, kInner, rng)});
  }
  weights.final_norm = random_norm(kind, rng);
  return make_decoder(spec, shape, std::move(weights));
}

inline Piece joined(const std::vector<const Piece*>& parts, std::vector<std::int64_t> reads) {
  Piece whole;
  for (const Piece* part : parts) {
    whole.tokens.insert(whole.tokens.end(), part->tokens.begin(), part->tokens.end());
    whole.entries.insert(whole.entries.end(), part->entries.begin(), part->entries.end());
  }
  whole.reads = std::move(reads);
  return whole;
}

class DecoderFixture : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override { decoder_ = random_decoder(GetParam()); }

  Matrix run(const PackedBatch& batch, const Matrix& rows, Matrix* gradient = nullptr,
             const Matrix* d_out = nullptr) {
    const auto pass = decoder_->new_pass();
    Matrix out;
    const Status status = decoder_->forward(batch, {rows.view(), {}}, {gradient != nullptr, {}}, *pass, out);
    EXPECT_TRUE(status) << status.error().message;
    if (gradient != nullptr) {
      gradient->resize(rows.rows(), kHidden);
      gradient->fill(0.0f);
      decoder_->backward(batch, *pass, d_out->view(), gradient->view());
    }
    return out;
  }

  std::unique_ptr<Backbone> decoder_;
};

inline constexpr Kind kKinds[] = {{"learned"},
                                  {"rotary", true},
                                  {"windowed", true, 3},
                                  {"learned_dropout", false, 0, 0.2f},
                                  {"rotary_dropout", true, 4, 0.2f}};
inline void expect_near(const Matrix& actual, const Matrix& expected, double tolerance) {
  ASSERT_EQ(actual.rows(), expected.rows());
  for (std::int64_t i = 0; i < expected.size(); ++i)
    ASSERT_NEAR(actual.data()[i], expected.data()[i], tolerance) << i;
}

}  // namespace incipit::test
