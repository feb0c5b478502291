#include "data/test_folder.h"

namespace incipit {
namespace {

using Texts = std::vector<std::string>;
using FolderTest = DataTest;

TEST_F(FolderTest, PosAndNeg) {
  write("b.pos", "p3\n");
  write("a.pos", "p1\n\np2\n");
  write("x.neg", "n1\nna\xEFve\n");
  write("readme", "of no interest");
  const Dataset dataset = read(folder_);
  EXPECT_EQ(texts_of(dataset), (Texts{"p1", "p2", "p3", "n1", "naïve"}));
  EXPECT_EQ(dataset.labels, (Texts{"negative", "positive"}));
  EXPECT_EQ(labels_of(dataset), (Texts{"positive", "positive", "positive", "negative", "negative"}));
  for (std::size_t i = 0; i < dataset.examples.size(); ++i)
    EXPECT_EQ(dataset.examples[i].id, std::to_string(i));
  ASSERT_EQ(dataset.warnings.size(), 2u);
  EXPECT_HAS(dataset.warnings[0], "a.pos: 1 row passed over: blank (line 2)");
  EXPECT_HAS(dataset.warnings[1], "x.neg: not valid UTF-8 (first on line 2)");
}

TEST_F(FolderTest, PosAndNegNeedEachOther) {
  const auto file = write("a.pos", "p1\n");
  EXPECT_HAS(error_of(folder_), "has no .neg file");
  EXPECT_HAS(error_of(file), "give the folder");
  write("a.neg", "");
  EXPECT_HAS(error_of(folder_), "a.neg: holds no example");
  write("a.neg", "n1\n");
  DataOptions options;
  options.labels = {"0", "1"};
  EXPECT_HAS(error_of(folder_, options), "label \"positive\" of its .pos files is none of \"0\", \"1\"");
  options.labels = {"positive", "negative"};
  EXPECT_EQ(read(folder_, options).examples[0].label, 0);
}

TEST_F(FolderTest, Splits) {
  write("train.tsv", "text\tlabel\ntrained\tx\n");
  write("dev.jsonl", R"({"text": "developed", "label": "x"})");
  write("dev_matched.csv", "text,label\nmatched,x\n");
  EXPECT_HAS(error_of(folder_), "choose one of train, dev by --split");
  const auto texts = [&](const char* split) {
    DataOptions options;
    options.split = split;
    return texts_of(read(folder_, options));
  };
  EXPECT_EQ(texts("train"), Texts{"trained"});
  for (const char* name : {"validation", "dev", "valid", "val"}) EXPECT_EQ(texts(name), Texts{"developed"});
  EXPECT_EQ(texts("dev_matched"), Texts{"matched"});
  DataOptions options;
  options.split = "test";
  EXPECT_HAS(error_of(folder_, options), "has no file for the split test (looked for test), only train, dev");
  options.split = "../" + folder_.filename().string() + "/train";
  EXPECT_HAS(error_of(folder_, options), "no file for the split");
  write("dev.tsv", "text\tlabel\na\tx\n");
  options.split = "validation";
  EXPECT_HAS(error_of(folder_, options), "holds both dev.tsv and dev.jsonl");

  EXPECT_TRUE(has_split(folder_, "train"));
  EXPECT_TRUE(has_split(folder_, "validation"));
  EXPECT_FALSE(has_split(folder_, "test"));
  EXPECT_FALSE(has_split(folder_ / "train.tsv", "train"));
  EXPECT_FALSE(has_split(folder_ / "none", "train"));
}

TEST_F(FolderTest, WithoutData) {
  write("model.bin", "x");
  EXPECT_HAS(error_of(folder_), "has no data; looked for train, validation (dev, valid, val) and test");
  EXPECT_HAS(error_of(folder_ / "model.bin"), "none of the known kinds, .tsv .csv .jsonl .ndjson .txt");
}

TEST_F(FolderTest, TextLines) {
  const auto path = write("a.TXT", "one\n\nthree");
  EXPECT_HAS(error_of(path), "a text a line has no labels");
  const Dataset dataset = read(path, unlabelled());
  EXPECT_EQ(texts_of(dataset), (Texts{"one", "three"}));
  EXPECT_EQ(dataset.examples[1].id, "2");
  ASSERT_EQ(dataset.warnings.size(), 1u);
  EXPECT_HAS(dataset.warnings[0], "blank (line 2)");
}

}  // namespace
}  // namespace incipit
