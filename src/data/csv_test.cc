#include "data/test_folder.h"

namespace incipit {
namespace {

using Texts = std::vector<std::string>;
using CsvTest = DataTest;

TEST_F(CsvTest, QuotesAsRfc4180HasThem) {
  const Dataset dataset = read(write("a.csv",
                                     "\"text\",label\n"
                                     "plain,x\n"
                                     "\"with, comma\",x\n"
                                     "\"with \"\"quotes\"\"\",\"y\"\n"
                                     "\"two\r\nlines\n\",y\r\n"
                                     "\"\"\"\",x\n"
                                     "\"\",x"));
  EXPECT_EQ(texts_of(dataset),
            (Texts{"plain", "with, comma", "with \"quotes\"", "two\r\nlines\n", "\"", ""}));
  EXPECT_EQ(labels_of(dataset), (Texts{"x", "x", "y", "y", "x", "x"}));
  EXPECT_TRUE(dataset.warnings.empty());
}

TEST_F(CsvTest, EmptyCellsCount) {
  const Dataset dataset = read(write("a.csv", "text,text_pair,label\na,,x\n,b,x\na,b,\n"));
  ASSERT_EQ(dataset.examples.size(), 2u);
  EXPECT_EQ(dataset.examples[0].text_b, "");
  EXPECT_EQ(dataset.examples[1].text_a, "");
  ASSERT_EQ(dataset.warnings.size(), 1u);
  EXPECT_HAS(dataset.warnings[0], "no label (line 4)");
}

TEST_F(CsvTest, BadRowsWithinALine) {
  const Dataset dataset =
      read(write("a.csv", "text,label\n5\" screen,x\n\"a\"b,x\n\"a\" ,x\na,b,x\n\ngood,x\n"));
  EXPECT_EQ(texts_of(dataset), Texts{"good"});
  ASSERT_EQ(dataset.warnings.size(), 4u);
  EXPECT_HAS(dataset.warnings[0], "1 row passed over: a quote in a cell without quotes (line 2)");
  EXPECT_HAS(dataset.warnings[1], "2 rows passed over: text after a closing quote (lines 3, 4)");
  EXPECT_HAS(dataset.warnings[2], "not 2 columns (line 5)");
  EXPECT_HAS(dataset.warnings[3], "blank (line 6)");
}

TEST_F(CsvTest, LostQuotesFailWithTheirLine) {
  const auto open = write("open.csv", "text,label\na,x\n\"never closed,x\nb,x\n");
  EXPECT_EQ(error_of(open), open.string() + ": line 3: the quote opened here never closes");
  const auto crossed = write("crossed.csv", "text,label\n\"lost,x\nb,x\n\"c\",x\n");
  EXPECT_EQ(error_of(crossed),
            crossed.string() +
                ": line 2: the quote opened here closes inside of line 4; a quote within a cell is "
                "doubled");
  EXPECT_HAS(error_of(write("header.csv", "te\"xt,label\na,x\n")), "line 1");
}

TEST_F(CsvTest, LinesAreThoseOfTheFile) {
  const Dataset dataset = read(write("a.csv", "text,label\n\"1\n2\n3\",x\nbad\n"));
  ASSERT_EQ(dataset.warnings.size(), 1u);
  EXPECT_HAS(dataset.warnings[0], "(line 5)");
}

TEST_F(CsvTest, OtherSeparatorsAreNotGuessed) {
  EXPECT_HAS(error_of(write("a.csv", "text;label\na;x\n")), "its columns are \"text;label\"");
}

}  // namespace
}  // namespace incipit
