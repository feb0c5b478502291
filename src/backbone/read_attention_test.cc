#include <cmath>

#include <gtest/gtest.h>

#include "backbone/architecture.h"
#include "base/rng.h"
#include "formats/hf_config.h"
#include "ops/reference.h"
#include "support/synthetic_model.h"
#include "support/test_folder.h"

namespace incipit {
namespace {

constexpr std::int64_t kHidden = 48, kLayers = 3, kHeads = 4, kHeadDim = 12;

/// A family's small random model, and what its layers look at by the explicit softmax.
class ReadAttention : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::string type = GetParam();
    ASSERT_TRUE(write_synthetic_model(folder_.path(), tiny_config(type)));
    const TensorStore store = *TensorStore::open(folder_.path());
    const HfConfig config = *read_hf_config(folder_.path());
    PackedWeights none;
    auto loaded = load_backbone({store, config, Precision::f32, none});
    ASSERT_TRUE(loaded) << loaded.error().message;
    backbone_ = std::move(loaded->backbone);
    first_position_ = backbone_->spec().positions.first;
    Rng rng(4);
    rows_.resize(4, kHidden);
    for (float& value : rows_.values()) value = static_cast<float>(0.6 * rng.normal());
  }

  void add(PackedBatch& batch, const std::vector<std::int32_t>& tokens, int late_layer,
           const std::vector<std::int64_t>& reads) const {
    const std::int64_t first = batch.size();
    std::int32_t position = first_position_;
    for (const std::int32_t token : tokens) {
      batch.token.push_back(token);
      batch.entry.push_back(static_cast<std::uint8_t>(token < 0 ? late_layer : 0));
      batch.position.push_back(token < 0 && late_layer > 0 ? 0 : position++);
      batch.token_type.push_back(0);
    }
    batch.sequences.push_back({first, static_cast<std::int64_t>(tokens.size()), 0});
    for (const std::int64_t read : reads) batch.read.push_back(first + read);
  }

  /// Prompts at the embeddings and late, heads that read one row, the text's rows and a late row itself, and
  /// a sequence that nothing reads.
  PackedBatch mixed() const {
    PackedBatch batch;
    add(batch, {-1, -2, 5, 6, 7, 8}, 0, {0});
    add(batch, {-3, -4, 9, 10, 11}, 2, {2, 3, 4});
    add(batch, {12, 13, 14}, 0, {});
    add(batch, {-1, 15, 16, 17}, 1, {0});
    return batch;
  }

  reference::Values linear(const std::string& name, const reference::Values& x) const {
    const std::vector<float> weight = synthetic_values(name + ".weight", {kHidden, kHidden});
    const std::vector<float> bias = synthetic_values(name + ".bias", {kHidden});
    reference::Values y(x.size());
    for (std::size_t i = 0; i < x.size() / kHidden; ++i)
      for (std::size_t o = 0; o < kHidden; ++o) {
        double sum = static_cast<double>(bias[o]);
        for (std::size_t c = 0; c < kHidden; ++c)
          sum += static_cast<double>(weight[o * kHidden + c]) * x[i * kHidden + c];
        y[i * kHidden + o] = sum;
      }
    return y;
  }

  /// What enters `layer`, of all tokens.
  Matrix entering(PackedBatch batch, std::int64_t layer) const {
    batch.read.clear();
    Matrix hidden;
    EXPECT_TRUE(backbone_->hidden_states(batch, {std::as_const(rows_).view(), {}}, layer,
                                         *backbone_->new_pass(), hidden));
    for (std::size_t t = 0; t < batch.token.size(); ++t)
      if (batch.entry[t] == layer && layer > 0)
        std::copy_n(rows_.row(-1 - batch.token[t]), kHidden, hidden.row(static_cast<std::int64_t>(t)));
    return hidden;
  }

  /// Shares of a sequence's tokens that have joined, given what enters the layer.
  std::vector<double> expected(const PackedBatch& batch, const Sequence& sequence, std::int64_t layer,
                               const Matrix& hidden) const {
    const bool distilbert = std::string_view(GetParam()) == "distilbert";
    const std::string prefix = distilbert ? fmt::format("transformer.layer.{}.attention.", layer)
                                          : fmt::format("encoder.layer.{}.attention.self.", layer);
    std::vector<double> shares(static_cast<std::size_t>(sequence.count));
    std::vector<std::size_t> present;
    reference::Values x;
    for (std::int64_t i = 0; i < sequence.count; ++i) {
      const std::int64_t token = sequence.first + i;
      if (batch.entry[static_cast<std::size_t>(token)] > layer) continue;
      present.push_back(static_cast<std::size_t>(i));
      x.insert(x.end(), hidden.row(token), hidden.row(token) + kHidden);
    }
    const reference::Values q = linear(prefix + (distilbert ? "q_lin" : "query"), x);
    const reference::Values k = linear(prefix + (distilbert ? "k_lin" : "key"), x);
    std::vector<std::size_t> reads;
    for (std::size_t p = 0; p < present.size(); ++p)
      if (std::count(batch.read.begin(), batch.read.end(),
                     sequence.first + static_cast<std::int64_t>(present[p])) > 0)
        reads.push_back(p);
    for (std::int64_t head = 0; head < kHeads; ++head) {
      reference::Head at{present.size(), present.size(), kHeadDim, {}, {}, {}, {}};
      for (std::size_t p = 0; p < present.size(); ++p)
        for (std::int64_t c = 0; c < kHeadDim; ++c) {
          at.q.push_back(q[p * kHidden + static_cast<std::size_t>(head * kHeadDim + c)]);
          at.k.push_back(k[p * kHidden + static_cast<std::size_t>(head * kHeadDim + c)]);
        }
      const reference::Values all = reference::attention_probabilities(at);
      for (const std::size_t read : reads)
        for (std::size_t p = 0; p < present.size(); ++p)
          shares[present[p]] += all[read * present.size() + p] / static_cast<double>(reads.size() * kHeads);
    }
    return shares;
  }

  TestFolder folder_;
  std::unique_ptr<Backbone> backbone_;
  Matrix rows_;
  std::int32_t first_position_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Families, ReadAttention, testing::Values("bert", "roberta", "distilbert"));

TEST_P(ReadAttention, IsTheExplicitSoftmaxOfTheRowsToRead) {
  const PackedBatch batch = mixed();
  Matrix out, attention;
  Want want;
  want.attention = &attention;
  ASSERT_TRUE(
      backbone_->forward(batch, {std::as_const(rows_).view(), {}}, want, *backbone_->new_pass(), out));
  ASSERT_EQ(attention.rows(), kLayers);
  ASSERT_EQ(attention.cols(), batch.size());
  for (std::int64_t layer = 0; layer < kLayers; ++layer) {
    const Matrix hidden = entering(batch, layer);
    for (const Sequence& sequence : batch.sequences) {
      const std::vector<double> shares = expected(batch, sequence, layer, hidden);
      double sum = 0;
      for (std::int64_t i = 0; i < sequence.count; ++i) {
        const float share = attention.row(layer)[sequence.first + i];
        EXPECT_NEAR(share, shares[static_cast<std::size_t>(i)], 1e-5)
            << "layer " << layer << ", token " << sequence.first + i;
        sum += static_cast<double>(share);
      }
      const bool reads =
          &sequence != &batch.sequences[2] && !(layer == 0 && &sequence == &batch.sequences[3]);
      EXPECT_NEAR(sum, reads ? 1 : 0, 1e-5) << "layer " << layer << ", sequence at " << sequence.first;
    }
  }
}

TEST_P(ReadAttention, ChangesNothingElseAndIsNotKept) {
  const PackedBatch batch = mixed();
  const Inputs inputs{std::as_const(rows_).view(), {}};
  const auto pass = backbone_->new_pass();
  Matrix with, without, attention;
  Want want;
  want.attention = &attention;
  ASSERT_TRUE(backbone_->forward(batch, inputs, want, *pass, with));
  attention.fill(7.0f);
  ASSERT_TRUE(backbone_->forward(batch, inputs, {}, *pass, without));
  EXPECT_TRUE(std::equal(with.values().begin(), with.values().end(), without.values().begin()));
  for (const float value : attention.values()) ASSERT_EQ(value, 7.0f);
}

}  // namespace
}  // namespace incipit
