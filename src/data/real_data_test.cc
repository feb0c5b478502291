#include <algorithm>
#include <cstdlib>
#include <set>
#include <sstream>

#include "base/utf8.h"
#include "data/test_folder.h"

namespace incipit {
namespace {

/// The real data sets, which are not part of the sources: $INCIPIT_SHARED_DATA, else beside the source
/// folder.
class RealDataTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* given = std::getenv("INCIPIT_SHARED_DATA");
    folder_ = given != nullptr ? std::filesystem::path(given)
                               : std::filesystem::path(INCIPIT_SOURCE_DIR).parent_path() / "shared" / "data";
    if (!std::filesystem::exists(folder_ / "mrpc") || !std::filesystem::exists(folder_ / "rt-polarity"))
      GTEST_SKIP() << folder_ << " has no mrpc and rt-polarity; name their folder by INCIPIT_SHARED_DATA";
  }

  static Dataset read(const std::filesystem::path& path, const std::string& split) {
    DataOptions options;
    options.split = split;
    Result<Dataset> dataset = read_dataset(path, options);
    EXPECT_TRUE(dataset) << dataset.error().message;
    return dataset ? std::move(*dataset) : Dataset{};
  }

  static std::ptrdiff_t count(const Dataset& dataset, int label) {
    return std::count_if(dataset.examples.begin(), dataset.examples.end(),
                         [&](const Example& example) { return example.label == label; });
  }

  std::filesystem::path folder_;
};

TEST_F(RealDataTest, Mrpc) {
  const Dataset train = read(folder_ / "mrpc", "train");
  EXPECT_EQ(train.examples.size(), 3668u);
  EXPECT_EQ(count(train, 0), 1194);
  EXPECT_EQ(count(train, 1), 2474);
  EXPECT_EQ(train.labels, (std::vector<std::string>{"0", "1"}));
  EXPECT_TRUE(train.has_pairs());
  EXPECT_TRUE(train.warnings.empty());
  EXPECT_EQ(
      train.examples[0].text_a,
      "Amrozi accused his brother, whom he called \"the witness\", of deliberately distorting his evidence.");
  EXPECT_EQ(
      train.examples[0].text_b,
      "Referring to him as only \"the witness\", Amrozi accused his brother of deliberately distorting his "
      "evidence.");

  const Dataset dev = read(folder_ / "mrpc", "validation");
  EXPECT_EQ(dev.examples.size(), 408u);
  EXPECT_EQ(count(dev, 1), 279);
  EXPECT_TRUE(dev.warnings.empty());
  EXPECT_EQ(read(folder_ / "mrpc", "test").examples.size(), 1725u);
}

TEST_F(RealDataTest, RtPolarity) {
  const Dataset all = read(folder_ / "rt-polarity", "");
  ASSERT_EQ(all.examples.size(), 2 * 5331u);
  EXPECT_EQ(count(all, 0), 5331);
  EXPECT_EQ(count(all, 1), 5331);
  EXPECT_EQ(all.labels, (std::vector<std::string>{"negative", "positive"}));
  EXPECT_EQ(all.examples[0].label, 1);
  ASSERT_EQ(all.warnings.size(), 2u);
  EXPECT_HAS(all.warnings[0], "rt-polarity.pos: not valid UTF-8");
  EXPECT_HAS(all.warnings[1], "rt-polarity.neg: not valid UTF-8");
  for (const Example& example : all.examples) ASSERT_TRUE(is_valid_utf8(example.text_a));
  EXPECT_HAS(all.examples[1].text_a, "lord of the rings");

  std::size_t total = 0;
  for (const char* split : {"train", "validation", "test"})
    total += read(folder_ / "rt-polarity", split).examples.size();
  EXPECT_EQ(total, all.examples.size());
}

/// The figures that the report prints of its MovieReview class.
TEST_F(RealDataTest, RtPolarityAsTheReportPreparesIt) {
  for (const auto kind : {Preparation::Kind::movie_review, Preparation::Kind::movie_review_index0}) {
    DataOptions options;
    options.preparation.kind = kind;
    const Result<Dataset> data = read_dataset(folder_ / "rt-polarity", options);
    ASSERT_TRUE(data) << data.error().message;
    EXPECT_EQ(data->examples.size(), 10'662u);
    EXPECT_EQ(data->longest_prepared, 51u);  // words, after cleaning
    std::set<std::string> vocabulary;
    for (const Example& example : data->examples) {
      std::istringstream words(example.text_a);
      for (std::string word; std::getline(words, word, ' ');) vocabulary.insert(word);
    }
    const bool index0 = kind == Preparation::Kind::movie_review_index0;
    EXPECT_EQ(vocabulary.size(), index0 ? 18'841u : 18'842u);
    EXPECT_EQ(data->preparation.lost_word, index0 ? "the" : "");
  }
}

}  // namespace
}  // namespace incipit
