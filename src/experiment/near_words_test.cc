#include "experiment/near_words.h"

#include <algorithm>
#include <cmath>

#include "backbone/backbone.h"
#include "experiment/chance.h"
#include "experiment/vector_math.h"
#include "support/prompt_test.h"

namespace incipit {
namespace {

class NearWordsTest : public PromptTest {
 protected:
  std::vector<float> embedding(std::int32_t id) const {
    std::vector<float> row(48);
    model_->backbone().word_embedding(id, row);
    return row;
  }
  static Matrix random_rows(std::int64_t rows, double scale, std::uint64_t seed) {
    Rng rng(seed);
    Matrix matrix(rows, 48);
    for (float& value : matrix.values()) value = static_cast<float>(scale * rng.normal());
    return matrix;
  }
};

TEST_F(NearWordsTest, AreThoseOfASlowSearch) {
  const WordTable words(*model_);
  const Matrix vectors = random_rows(7, 3.0, 1);
  const auto found = near_words(words, vectors.view(), 4);
  ASSERT_EQ(found.size(), 7u);
  for (std::size_t v = 0; v < 7; ++v) {
    const float* row = vectors.row(static_cast<std::int64_t>(v));
    std::vector<NearWord> all;
    for (std::int32_t id = 0; id < model_->tokenizer().vocab_size(); ++id) {
      const std::string piece = model_->tokenizer().token(id).value_or("[unused]");
      if (model_->tokenizer().is_special(id) || piece.starts_with("[unused")) continue;
      const std::vector<float> word = embedding(id);
      double dot = 0, of_word = 0, of_row = 0, apart = 0;
      for (std::size_t j = 0; j < 48; ++j) {
        const double a = static_cast<double>(row[j]), b = static_cast<double>(word[j]);
        dot += a * b;
        of_row += a * a;
        of_word += b * b;
        apart += (a - b) * (a - b);
      }
      all.push_back({id, piece, dot / std::sqrt(of_row * of_word), std::sqrt(apart)});
    }
    ASSERT_GT(all.size(), 200u);
    std::sort(all.begin(), all.end(),
              [](const NearWord& a, const NearWord& b) { return a.cosine > b.cosine; });
    ASSERT_EQ(found[v].size(), 4u);
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(found[v][i].id, all[i].id);
      EXPECT_EQ(found[v][i].piece, all[i].piece);
      EXPECT_NEAR(found[v][i].cosine, all[i].cosine, 1e-12);
      EXPECT_NEAR(found[v][i].distance, all[i].distance, 1e-12);
    }
  }
}

TEST_F(NearWordsTest, AWordsOwnEmbeddingIsThatWord) {
  const WordTable words(*model_);
  const std::int32_t id = *model_->tokenizer().id("film");
  Matrix vectors(2, 48);
  const std::vector<float> word = embedding(id);
  std::copy(word.begin(), word.end(), vectors.row(0));
  for (std::int64_t j = 0; j < 48; ++j) vectors.row(1)[j] = -0.25f * word[static_cast<std::size_t>(j)];
  const auto found = near_words(words, vectors.view(), 1);
  EXPECT_EQ(found[0][0].piece, "film");
  EXPECT_NEAR(found[0][0].cosine, 1, 1e-12);
  EXPECT_EQ(found[0][0].distance, 0);
  EXPECT_NE(found[1][0].piece, "film") << "opposite, not near";
}

TEST_F(NearWordsTest, SpecialTokensAndZerosAreNoWords) {
  const WordTable words(*model_);
  for (std::int64_t w = 0; w < words.size(); ++w) EXPECT_FALSE(model_->tokenizer().is_special(words.id(w)));
  Matrix vectors(2, 48);  // row 1: no direction
  const std::vector<float> cls = embedding(*model_->tokenizer().id("[CLS]"));
  std::copy(cls.begin(), cls.end(), vectors.row(0));
  const auto all = near_words(words, vectors.view(), 100'000);
  EXPECT_EQ(std::ssize(all[0]), words.size()) << "no more than there are";
  EXPECT_LT(all[0][0].cosine, 0.99);
  EXPECT_EQ(all[1][0].cosine, 0);
  EXPECT_EQ(all[1][0].id, words.id(0)) << "of equals the lower id";
  EXPECT_TRUE(near_words(words, vectors.view(), 0)[0].empty());
}

TEST_F(NearWordsTest, ChanceIsWhatRandomVectorsHave) {
  const WordTable words(*model_);
  const Chance chance = chance_of_nearness(words, 5.0, 3);
  EXPECT_GT(chance.cosine, 0.2);
  EXPECT_LT(chance.cosine, chance.cosine_high);
  EXPECT_LT(chance.cosine_high, 0.75);
  const Matrix vectors = random_rows(200, 1.0, 77);
  double mean = 0;
  int above = 0;
  for (const auto& nearest : near_words(words, vectors.view(), 1)) {
    mean += nearest[0].cosine / 200;
    above += nearest[0].cosine > chance.cosine_high ? 1 : 0;
  }
  EXPECT_NEAR(chance.cosine, mean, 0.02);
  EXPECT_LE(above, 24) << "about one in twenty";
  EXPECT_GE(above, 1);

  const Chance longer = chance_of_nearness(words, 50.0, 3), again = chance_of_nearness(words, 5.0, 3);
  EXPECT_NEAR(longer.cosine, chance.cosine, 1e-6) << "an angle knows no length";
  EXPECT_NEAR(longer.distance, 50, 5);
  EXPECT_EQ(again.cosine, chance.cosine);
  EXPECT_NE(chance_of_nearness(words, 5.0, 4).cosine, chance.cosine);
  EXPECT_EQ(chance_of_nearness(words, 0, 3).cosine, 0);
}

}  // namespace
}  // namespace incipit
