#include "cli_fixture.h"

namespace incipit {
namespace {

using InfoTest = CliTest;

TEST_F(InfoTest, DescribesAModel) {
  const Outcome text = run({"info", path("base")});
  ASSERT_TRUE(succeeded(text));
  for (const char* part :
       {"bert", "parameters", "48", "newly initialised", "classifier.weight", "fingerprint"})
    EXPECT_NE(text.out.find(part), std::string::npos) << part << "\n" << text.out;
  const nlohmann::json json = parse_json(run({"info", path("base"), "--json"}).out);
  EXPECT_EQ(json["kind"], "model");
  EXPECT_EQ(json["hidden_size"], 48);
  EXPECT_EQ(json["num_layers"], 3);
  EXPECT_EQ(json["unused"].size(), 0u);
}

TEST_F(InfoTest, DescribesAGgufFile) {
  const std::string file = INCIPIT_SOURCE_DIR "/tests/golden/gguf/tiny.gguf";
  const Outcome text = run({"info", file});
  ASSERT_TRUE(succeeded(text));
  for (const char* part : {"llama", "F16 1", "gpt2, smollm", "key/value heads", "the word embeddings"})
    EXPECT_NE(text.out.find(part), std::string::npos) << part << "\n" << text.out;
  std::filesystem::create_directory(path("gguf"));
  std::filesystem::copy_file(file, path("gguf/a.gguf"));
  const nlohmann::json json = parse_json(run({"info", path("gguf"), "--json"}).out);
  EXPECT_EQ(json["format"], "gguf");
  EXPECT_EQ(json["hidden_size"], 8);
  EXPECT_EQ(json["tensors"], (nlohmann::json{{"F16", 1}}));
  std::filesystem::copy_file(file, path("gguf/b.gguf"));
  EXPECT_TRUE(fails_with(run({"info", path("gguf")}), 1, "has 2 GGUF files, such as a.gguf and b.gguf"));
}

TEST_F(InfoTest, DescribesAnAdapter) {
  train("adapter", {"--seed", "3"});
  const Outcome text = run({"info", path("adapter")});
  ASSERT_TRUE(succeeded(text));
  for (const char* part : {"late", "negative, positive", "data.tsv"})
    EXPECT_NE(text.out.find(part), std::string::npos) << part << "\n" << text.out;
  const nlohmann::json json = parse_json(run({"info", path("adapter"), "--json"}).out);
  EXPECT_EQ(json["kind"], "adapter");
  EXPECT_EQ(json["num_virtual_tokens"], 4);
  EXPECT_EQ(json["provenance"]["seed"], "3");
  EXPECT_GT(json["training_texts"], 100);
}

TEST_F(InfoTest, DescribesData) {
  write("some.tsv", "text\tlabel\na b c\tyes\nd\tno\ne f g h i\tyes\nj k\tyes\n");
  const Outcome text = run({"info", path("some.tsv")});
  ASSERT_TRUE(succeeded(text));
  EXPECT_NE(text.out.find("4 texts: no 1, yes 3; always answering 'yes' would be right on 0.7500"),
            std::string::npos)
      << text.out;
  const nlohmann::json json = parse_json(run({"info", path("some.tsv"), "--json"}).out);
  EXPECT_EQ(json["kind"], "data");
  EXPECT_EQ(json["examples"], 4);
  EXPECT_EQ(json["longest_words"], 5);
  EXPECT_DOUBLE_EQ(json["majority_share"], 0.75);
  EXPECT_EQ(json["words"][2], (nlohmann::json{{"from", 2}, {"to", 3}, {"count", 2}}));
}

TEST_F(InfoTest, AFoldersSplitsAreDescribedOneByOne) {
  std::filesystem::create_directory(path("folder"));
  write("folder/train.tsv", labelled_texts(20, 1));
  write("folder/dev.tsv", labelled_texts(10, 2));
  const Outcome text = run({"info", path("folder")});
  ASSERT_TRUE(succeeded(text));
  EXPECT_NE(text.out.find("split train: 20 texts"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("split validation: 10 texts"), std::string::npos) << text.out;
  const nlohmann::json json = parse_json(run({"info", path("folder"), "--json"}).out);
  EXPECT_EQ(json["train"]["examples"], 20);
  EXPECT_EQ(json["validation"]["examples"], 10);
  EXPECT_NE(run({"info", path("folder"), "--split", "dev"}).out.find("10 texts"), std::string::npos);
}

TEST_F(InfoTest, DataWithoutLabelsIsDescribedToo) {
  write("texts.txt", "one two\nthree\n");
  const Outcome outcome = run({"info", path("texts.txt")});
  ASSERT_TRUE(succeeded(outcome));
  EXPECT_NE(outcome.out.find("2 texts"), std::string::npos);
  EXPECT_NE(outcome.out.find("no labels"), std::string::npos);
}

TEST_F(InfoTest, AnUnknownNameSaysWhatIsThere) {
  EXPECT_TRUE(fails_with(run({"info", "no-such-thing"}), 1, "no-such-thing"));
}

TEST_F(InfoTest, TheCatalogueIsListed) {
  const Outcome outcome = run({"pull", "--list"});
  ASSERT_TRUE(succeeded(outcome));
  for (const char* name : {"minilm", "smollm2", "movie-reviews"})
    EXPECT_NE(outcome.out.find(name), std::string::npos);
  EXPECT_TRUE(fails_with(run({"pull", "no-such-thing"}), 1, "no-such-thing"));
}

}  // namespace
}  // namespace incipit
