#include "data/test_folder.h"

namespace incipit {
namespace {

using Texts = std::vector<std::string>;
using TsvTest = DataTest;

TEST_F(TsvTest, MrpcForm) {
  const auto path = write("train.tsv",
                          "\xEF\xBB\xBFQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\r\n"
                          "1\t10\t11\tHe said \"no.\t\"No,\" he said.\r\n"
                          "0\t12\t13\t\"Open quote\t\r\n");
  const Dataset dataset = read(path);
  ASSERT_EQ(dataset.examples.size(), 2u);
  EXPECT_EQ(dataset.examples[0].text_a, "He said \"no.") << "quotes mean nothing";
  EXPECT_EQ(dataset.examples[0].text_b, "\"No,\" he said.");
  EXPECT_EQ(dataset.examples[0].id, "0");
  EXPECT_EQ(dataset.examples[0].label, 1);
  EXPECT_EQ(dataset.examples[1].text_b, "") << "an empty second text is a text";
  EXPECT_EQ(dataset.labels, (Texts{"0", "1"}));
  EXPECT_TRUE(dataset.has_pairs());
  EXPECT_TRUE(dataset.warnings.empty());
}

TEST_F(TsvTest, TestFormWithoutLabels) {
  const auto path =
      write("test.tsv", "index\t#1 ID\t#2 ID\t#1 String\t#2 String\n7\t1\t2\ta\tb\n\t1\t2\tc\td\n");
  EXPECT_HAS(error_of(path), "found no label");
  const Dataset dataset = read(path, unlabelled());
  ASSERT_EQ(dataset.examples.size(), 2u);
  EXPECT_EQ(dataset.examples[0].id, "7");
  EXPECT_EQ(dataset.examples[1].id, "1") << "an empty id is none";
  EXPECT_EQ(dataset.examples[0].label, -1);
  EXPECT_TRUE(dataset.labels.empty());
}

TEST_F(TsvTest, BadRowsAreCountedAndNamed) {
  const auto path =
      write("a.tsv", "text\tlabel\ngood\tx\none cell\n\nno label\t\nthree\tcells\tx\nlast\ty\n");
  const Dataset dataset = read(path);
  EXPECT_EQ(texts_of(dataset), (Texts{"good", "last"}));
  EXPECT_EQ(dataset.examples[1].id, "5") << "the row's number counts the bad ones";
  EXPECT_EQ(dataset.warnings, (Texts{path.string() + ": 2 rows passed over: not 2 columns (lines 3, 6)",
                                     path.string() + ": 1 row passed over: blank (line 4)",
                                     path.string() + ": 1 row passed over: no label (line 5)"}));
  const Dataset all = read(path, unlabelled());
  EXPECT_EQ(texts_of(all), (Texts{"good", "no label", "last"}));
  EXPECT_EQ(all.examples[1].label, -1);
}

TEST_F(TsvTest, OnlyTheFirstLinesAreNamed) {
  std::string content = "text\tlabel\ngood\tx\n";
  for (int i = 0; i < 1000; ++i) content += "bad\n";
  const Dataset dataset = read(write("a.tsv", content));
  ASSERT_EQ(dataset.warnings.size(), 1u);
  EXPECT_HAS(dataset.warnings[0], "1000 rows passed over: not 2 columns (lines 3, 4, 5, 6, 7, …)");
}

TEST_F(TsvTest, LabelsAreSortedAsNumbersWhereAllAre) {
  EXPECT_EQ(read(write("a.tsv", "text\tlabel\na\t10\nb\t9\nc\t-1\nd\t2.5\n")).labels,
            (Texts{"-1", "2.5", "9", "10"}));
  const Dataset words = read(write("b.tsv", "text\tlabel\na\t10\nb\t9\nc\tnan\n"));
  EXPECT_EQ(words.labels, (Texts{"10", "9", "nan"}));
  EXPECT_EQ(labels_of(words), (Texts{"10", "9", "nan"}));
  EXPECT_EQ(read(write("c.tsv", "text\tlabel\na\t1\nb\t1.0\n")).labels, (Texts{"1", "1.0"}));
}

TEST_F(TsvTest, LabelsOfAnAdapter) {
  const auto path = write("a.tsv", "text\tlabel\na\tno\nb\tyes\nc\tmaybe\n");
  DataOptions options;
  options.labels = {"yes", "no", "maybe"};
  const Dataset dataset = read(path, options);
  EXPECT_EQ(dataset.labels, options.labels);
  EXPECT_EQ(dataset.examples[0].label, 1);
  options.labels = {"yes", "no"};
  EXPECT_EQ(error_of(path, options), path.string() + ": line 4: label \"maybe\" is none of \"yes\", \"no\"");
}

TEST_F(TsvTest, TooManyLabelsAreNoLabels) {
  std::string content = "text\tlabel\n";
  for (int i = 0; i < 10'001; ++i) content += "a\tlabel " + std::to_string(i) + "\n";
  EXPECT_HAS(error_of(write("a.tsv", content)), "more than 10000 different labels");
}

TEST_F(TsvTest, WithoutHeader) {
  const auto path = write("cola.tsv", "gj04\t1\t\tGood sentence.\ngj04\t0\t*\tBad sentence the.\n");
  DataOptions options;
  options.columns = {"4", "", "2"};
  const Dataset dataset = read(path, options);
  EXPECT_EQ(texts_of(dataset), (Texts{"Good sentence.", "Bad sentence the."}));
  EXPECT_EQ(labels_of(dataset), (Texts{"1", "0"}));
  ASSERT_EQ(dataset.warnings.size(), 1u);
  EXPECT_HAS(dataset.warnings[0], "line 1 is read as data");
}

TEST_F(TsvTest, ReadsOneByOne) {
  const auto path = write("a.tsv", "text\tlabel\na\tx\nbad\nb\ty\n");
  Result<std::unique_ptr<ExampleReader>> reader = open_examples(path, {});
  ASSERT_TRUE(reader);
  const auto first = (*reader)->next();
  ASSERT_TRUE(first && *first);
  EXPECT_EQ((**first).label, "x");
  EXPECT_EQ((**first).example.label, -1);
  EXPECT_TRUE((*reader)->warnings().empty());
  EXPECT_EQ((**(*reader)->next()).example.text_a, "b");
  EXPECT_FALSE(*(*reader)->next());
  EXPECT_EQ((*reader)->warnings().size(), 1u);
}

}  // namespace
}  // namespace incipit
