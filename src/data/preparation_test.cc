#include "data/test_folder.h"

namespace incipit {
namespace {

using Kind = Preparation::Kind;

class PreparationTest : public DataTest {
 protected:
  void SetUp() override {
    DataTest::SetUp();
    std::filesystem::create_directory(folder_ / "reviews");
    write("reviews/a.pos", "the rock, the 1st !\na well-made film\n");
    write("reviews/a.neg", "not the film\n. 7 .\n");
  }
  static DataOptions prepared(Kind kind, std::string lost_word = "") {
    DataOptions options;
    options.preparation = {kind, std::move(lost_word)};
    return options;
  }
  std::filesystem::path reviews() const { return folder_ / "reviews"; }
};

using Texts = std::vector<std::string>;

TEST_F(PreparationTest, TextsAreCleaned) {
  const Dataset data = read(reviews(), prepared(Kind::movie_review));
  EXPECT_EQ(texts_of(data), (Texts{"the rock the st !", "a well made film", "not the film", ""}));
  EXPECT_EQ(labels_of(data), (Texts{"positive", "positive", "negative", "negative"}));
  EXPECT_EQ(data.longest_prepared, 5u);
  EXPECT_EQ(data.preparation, (Preparation{Kind::movie_review, ""}));
  ASSERT_EQ(data.warnings.size(), 1u);
  EXPECT_HAS(data.warnings[0], "reviews: 1 text is without a word after the preparation movie-review");
}

TEST_F(PreparationTest, WithoutOneTextsStay) {
  const Dataset data = read(reviews());
  EXPECT_EQ(texts_of(data), (Texts{"the rock, the 1st !", "a well-made film", "not the film", ". 7 ."}));
  EXPECT_EQ(data.longest_prepared, 0u);
}

TEST_F(PreparationTest, TheFirst51WordsAreKept) {
  std::string line;
  for (int i = 0; i < 60; ++i) line += i == 50 ? "last " : "word ";
  const Dataset data = read(write("long.txt", line + "\n"), [] {
    DataOptions options = prepared(Kind::movie_review);
    options.labels_required = false;
    return options;
  }());
  const std::string& text = data.examples[0].text_a;
  EXPECT_EQ(std::count(text.begin(), text.end(), ' '), 50);
  EXPECT_TRUE(text.ends_with("word last")) << text;
  EXPECT_EQ(data.longest_prepared, 60u);
}

TEST_F(PreparationTest, IndexZeroLosesTheFirstWordOfAll) {
  const Dataset data = read(reviews(), prepared(Kind::movie_review_index0));
  EXPECT_EQ(texts_of(data), (Texts{"rock st !", "a well made film", "not film", ""}));
  EXPECT_EQ(data.preparation.lost_word, "the");
  // Of other data the same word as of those that were trained on.
  const Dataset other = read(reviews(), prepared(Kind::movie_review_index0, "film"));
  EXPECT_EQ(texts_of(other), (Texts{"the rock the st !", "a well made", "not the", ""}));
}

TEST_F(PreparationTest, PairsArePreparedBothWays) {
  const auto path = write("pairs.tsv", "text\ttext_pair\tlabel\nA-b.\tc, d\tx\n");
  const Dataset data = read(path, [] {
    DataOptions options = prepared(Kind::movie_review);
    options.columns = {"text", "text_pair", "label"};
    return options;
  }());
  EXPECT_EQ(data.examples[0].text_a, "A b");
  EXPECT_EQ(data.examples[0].text_b, "c d");
}

TEST_F(PreparationTest, PartsAreTheSameWithAndWithout) {
  std::string table = "text\tlabel\nthe first\tx\n";
  for (int i = 0; i < 200; ++i) table += fmt::format("the-text, {} w{}\t{}\n", i, i, i % 2 == 0 ? "x" : "y");
  const auto path = write("table.tsv", table);
  for (const char* split : {"train", "validation", "test"}) {
    DataOptions plain, index0 = prepared(Kind::movie_review_index0);
    plain.split = index0.split = split;
    const Dataset a = read(path, plain), b = read(path, index0);
    ASSERT_EQ(a.examples.size(), b.examples.size()) << split;
    for (std::size_t i = 0; i < a.examples.size(); ++i) EXPECT_EQ(a.examples[i].id, b.examples[i].id);
    // Even in a part that the data's first text is not in.
    EXPECT_EQ(b.preparation.lost_word, "the") << split;
  }
}

TEST_F(PreparationTest, AReaderPreparesAsTheDataSetIs) {
  const DataOptions options = prepared(Kind::movie_review_index0);
  const auto reader = open_examples(reviews(), options);
  ASSERT_TRUE(reader) << reader.error().message;
  Texts texts;
  for (;;) {
    const auto row = (*reader)->next();
    ASSERT_TRUE(row) << row.error().message;
    if (!*row) break;
    texts.push_back((*row)->example.text_a);
  }
  EXPECT_EQ(texts, texts_of(read(reviews(), options)));
  EXPECT_EQ((*reader)->warnings().size(), 1u);
}

TEST_F(PreparationTest, HeldOutTextsKeepTheirs) {
  const TrainingSplit split = hold_out(read(reviews(), prepared(Kind::movie_review_index0)), 0.5, 0);
  EXPECT_EQ(split.train.preparation.lost_word, "the");
  EXPECT_EQ(split.held_out.preparation, split.train.preparation);
}

TEST(PreparationNamesTest, EveryNameIsKnown) {
  for (const std::string& name : preparation_names()) {
    ASSERT_TRUE(preparation_by_name(name)) << name;
    EXPECT_EQ(name_of(*preparation_by_name(name)), name);
  }
  EXPECT_FALSE(preparation_by_name("clean"));
}

}  // namespace
}  // namespace incipit
