#include "data/split.h"

#include <set>

#include "data/test_folder.h"

namespace incipit {
namespace {

using SplitTest = DataTest;

Example text(const std::string& a, std::optional<std::string> b = std::nullopt) {
  Example example;
  example.text_a = a;
  example.text_b = std::move(b);
  return example;
}

Dataset numbered(int count) {
  Dataset dataset;
  for (int i = 0; i < count; ++i) dataset.examples.push_back(text("text " + std::to_string(i)));
  dataset.labels = {"0", "1"};
  dataset.warnings = {"a warning"};
  return dataset;
}

TEST_F(SplitTest, PartsAreFourFifthsAndTenths) {
  int counts[3] = {};
  int moved = 0;
  for (const Example& example : numbered(20'000).examples) {
    ++counts[static_cast<int>(part_of(example, 0))];
    moved += part_of(example, 0) != part_of(example, 1);
  }
  // Four standard deviations of a binomial of 20,000.
  EXPECT_NEAR(counts[0], 16'000, 4 * 57);
  EXPECT_NEAR(counts[1], 2'000, 4 * 43);
  EXPECT_NEAR(counts[2], 2'000, 4 * 43);
  EXPECT_NEAR(moved, 20'000 * (1 - 0.64 - 0.01 - 0.01), 4 * 68) << "another seed, another division";
}

TEST_F(SplitTest, PartsAreStableAcrossVersions) {
  // Written down from the first release: a change would mix training texts into old test sets.
  std::string parts;
  for (int i = 0; i < 40; ++i)
    parts += "tvx"[static_cast<int>(part_of(text("example " + std::to_string(i)), 7))];
  EXPECT_EQ(parts, "tttttvttttxttvxtttttvtvtttttttttttvxtxtt");
  parts.clear();
  for (int i = 0; i < 40; ++i)
    parts += "tvx"[static_cast<int>(part_of(text("example", std::to_string(i)), 7))];
  EXPECT_EQ(parts, "ttttttxttxtvttttttxtttttttttttttttvttxtv");
}

TEST_F(SplitTest, OnlyTheTextsDecide) {
  Example other = text("same", "pair");
  other.id = "x";
  other.label = 1;
  std::set<Part> moved_separator;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    EXPECT_EQ(part_of(text("same", "pair"), seed), part_of(other, seed));
    if (part_of(text("samep", "air"), seed) != part_of(other, seed))
      moved_separator.insert(part_of(other, seed));
  }
  EXPECT_FALSE(moved_separator.empty());
}

TEST_F(SplitTest, AFileIsDividedWithTheLabelsOfTheWhole) {
  std::string content = "text\tlabel\n";
  for (int i = 0; i < 300; ++i)
    content += "text " + std::to_string(i % 100) + "\t" + std::to_string(i) + "\n";
  const auto path = write("a.tsv", content);
  std::set<std::string> seen;
  std::size_t total = 0;
  for (const char* split : {"train", "dev", "test"}) {
    DataOptions options;
    options.split = split;
    const Dataset part = read(path, options);
    EXPECT_EQ(part.labels.size(), 300u);
    std::set<std::string> distinct;
    for (const Example& example : part.examples) distinct.insert(example.text_a);
    EXPECT_EQ(part.examples.size(), 3 * distinct.size()) << "equal texts stand together";
    for (const std::string& one : distinct) EXPECT_TRUE(seen.insert(one).second);
    total += part.examples.size();

    Result<std::unique_ptr<ExampleReader>> reader = open_examples(path, options);
    ASSERT_TRUE(reader);
    for (const Example& example : part.examples) EXPECT_EQ((**(*reader)->next()).example.id, example.id);
    EXPECT_FALSE(*(*reader)->next());
  }
  EXPECT_EQ(total, 300u);
}

TEST_F(SplitTest, PartsThatAreNotThere) {
  const auto path = write("a.tsv", "text\tlabel\nonly\tx\n");
  DataOptions options;
  options.split = "dev_matched";
  EXPECT_HAS(error_of(path, options),
             "--split dev_matched: data without splits has train, validation and test");
  int empty = 0;
  for (const char* split : {"train", "validation", "test"}) {
    options.split = split;
    if (error_of(path, options).find("holds no example in its part") == std::string::npos) continue;
    ++empty;
    Result<std::unique_ptr<ExampleReader>> reader = open_examples(path, options);
    ASSERT_TRUE(reader);
    EXPECT_HAS((*reader)->next().error().message, "holds no example in its part");
  }
  EXPECT_EQ(empty, 2);
}

TEST_F(SplitTest, HoldOut) {
  Dataset dataset = numbered(10'000);
  for (int i = 0; i < 100; ++i) dataset.examples.push_back(text("text " + std::to_string(i)));
  const TrainingSplit split = hold_out(dataset, 0.2, 3);
  EXPECT_EQ(split.train.examples.size() + split.held_out.examples.size(), 10'100u);
  EXPECT_NEAR(static_cast<double>(split.held_out.examples.size()), 2'020, 4 * 41);
  EXPECT_EQ(split.held_out.labels, dataset.labels);
  EXPECT_EQ(split.train.warnings.size() + split.held_out.warnings.size(), 1u);
  std::set<std::string> train;
  for (const Example& example : split.train.examples) train.insert(example.text_a);
  for (const Example& example : split.held_out.examples) EXPECT_FALSE(train.count(example.text_a));
  EXPECT_EQ(hold_out(dataset, 0.0, 3).held_out.examples.size(), 0u);
  EXPECT_EQ(hold_out(dataset, 1.0, 3).train.examples.size(), 0u);
}

TEST_F(SplitTest, HoldOutDividesThePartTrainAgain) {
  Dataset train;
  for (Example& example : numbered(10'000).examples)
    if (part_of(example, 5) == Part::train) train.examples.push_back(std::move(example));
  const auto count = static_cast<double>(train.examples.size());
  EXPECT_NEAR(static_cast<double>(hold_out(train, 0.1, 5).held_out.examples.size()), count / 10, 4 * 27)
      << "the same seed must not cut at the same place twice";
}

TEST_F(SplitTest, Sample) {
  const Dataset some = sample(numbered(1000), 100, 1);
  ASSERT_EQ(some.examples.size(), 100u);
  EXPECT_EQ(some.labels.size(), 2u);
  int last = -1;
  double sum = 0;
  for (const Example& example : some.examples) {
    const int number = std::stoi(example.text_a.substr(5));
    EXPECT_GT(number, last) << "in their old order, none twice";
    last = number;
    sum += number;
  }
  EXPECT_NEAR(sum / 100, 499.5, 4 * 28);
  EXPECT_EQ(texts_of(sample(numbered(1000), 100, 1)), texts_of(some));
  EXPECT_NE(texts_of(sample(numbered(1000), 100, 2)), texts_of(some));
  EXPECT_EQ(sample(numbered(5), 5, 1).examples.size(), 5u);
  EXPECT_EQ(sample(numbered(5), 9, 1).examples.size(), 5u);
  EXPECT_EQ(sample(numbered(5), 0, 1).examples.size(), 0u);
}

}  // namespace
}  // namespace incipit
