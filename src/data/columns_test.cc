#include "data/columns.h"

#include <gtest/gtest.h>

#include "data/test_folder.h"

namespace incipit {
namespace {

using Names = std::vector<std::string>;

Result<ColumnIndices> find(const Names& names, const Columns& columns = {}, bool labels_required = true,
                           ColumnNaming naming = ColumnNaming::columns) {
  DataOptions options;
  options.columns = columns;
  options.labels_required = labels_required;
  return find_columns(names, options, naming, "file.tsv");
}

void expect_columns(const Names& names, std::size_t text, std::optional<std::size_t> pair,
                    std::optional<std::size_t> label, std::optional<std::size_t> id) {
  const Result<ColumnIndices> found = find(names, {}, label.has_value());
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->text, text) << names[0];
  EXPECT_EQ(found->text_pair, pair) << names[0];
  EXPECT_EQ(found->label, label) << names[0];
  EXPECT_EQ(found->id, id) << names[0];
  EXPECT_TRUE(found->header);
}

TEST(ColumnsTest, GlueFormsAreKnown) {
  const auto none = std::nullopt;
  expect_columns({"Quality", "#1 ID", "#2 ID", "#1 String", "#2 String"}, 3, 4, 0, none);  // MRPC
  expect_columns({"index", "#1 ID", "#2 ID", "#1 String", "#2 String"}, 3, 4, none, 0);    // its test.tsv
  expect_columns({"sentence", "label"}, 0, none, 1, none);                                 // SST-2
  expect_columns({"index", "sentence"}, 1, none, none, 0);
  expect_columns({"index", "sentence1", "sentence2", "label"}, 1, 2, 3, 0);  // RTE, WNLI
  expect_columns({"index", "question", "sentence", "label"}, 1, 2, 3, 0);    // QNLI
  expect_columns({"id", "qid1", "qid2", "question1", "question2", "is_duplicate"}, 3, 4, 5, 0);
  expect_columns({"index", "promptID", "sentence1_parse", "sentence1", "sentence2", "label1", "gold_label"},
                 3, 4, 6, 0);
  expect_columns({"premise", "hypothesis", "label"}, 0, 1, 2, none);
  expect_columns({" Text ", "LABEL"}, 0, none, 1, none);
}

TEST(ColumnsTest, NamesAndNumbersOfTheUser) {
  const Names names{"stars", "title", "body", "text"};
  const auto by_name = find(names, {"body", "title", "stars"});
  ASSERT_TRUE(by_name);
  EXPECT_EQ(by_name->text, 2u);
  EXPECT_EQ(by_name->text_pair, 1u);
  EXPECT_EQ(by_name->label, 0u);

  const auto mixed = find(names, {"3", "", "stars"});
  ASSERT_TRUE(mixed);
  EXPECT_EQ(mixed->text, 2u);
  EXPECT_TRUE(mixed->header) << "a name was found";

  const auto number_is_a_name = find({"2", "1", "label"}, {"1", "", ""});
  ASSERT_TRUE(number_is_a_name);
  EXPECT_EQ(number_is_a_name->text, 1u);
}

TEST(ColumnsTest, NamingATextLeavesItAlone) {
  const auto alone = find({"sentence1", "sentence2", "label"}, {"sentence2", "", ""});
  ASSERT_TRUE(alone);
  EXPECT_EQ(alone->text, 1u);
  EXPECT_FALSE(alone->text_pair);
  const auto other_half = find({"sentence2", "sentence1", "label"}, {"", "sentence2", ""});
  ASSERT_TRUE(other_half);
  EXPECT_EQ(other_half->text, 1u);
  EXPECT_EQ(other_half->text_pair, 0u);
}

TEST(ColumnsTest, FilesWithoutHeader) {
  const Names cola{"gj04", "1", "", "Our friends won't buy this analysis."};
  const auto found = find(cola, {"4", "", "2"});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->text, 3u);
  EXPECT_EQ(found->label, 1u);
  EXPECT_FALSE(found->header);
  const auto with_header = find({"sentence", "label"}, {"1", "", "2"});
  ASSERT_TRUE(with_header);
  EXPECT_TRUE(with_header->header);

  const std::string message = find(cola).error().message;
  EXPECT_HAS(message, "file.tsv: found no text");
  EXPECT_HAS(message, "\"gj04\"");
  EXPECT_HAS(message, "--text");
  EXPECT_HAS(find(cola, {"4", "", ""}).error().message, "--label");
}

TEST(ColumnsTest, ErrorsListWhatTheFileHas) {
  const std::string wrong_name = find({"text", "label"}, {"txt", "", ""}).error().message;
  EXPECT_HAS(wrong_name, "no column \"txt\" (--text)");
  EXPECT_HAS(wrong_name, "\"text\", \"label\"");
  EXPECT_HAS(find({"text", "label"}, {"3", "", ""}).error().message, "no column \"3\"");
  EXPECT_HAS(find({"text", "label"}, {"0", "", ""}).error().message, "no column \"0\"");
  EXPECT_HAS(find({"text", "label"}, {"", "", "99999999999999999999"}).error().message, "(--label)");
  EXPECT_HAS(find({"text", "stars"}).error().message, "found no label");
  EXPECT_TRUE(find({"text", "stars"}, {}, false));
  EXPECT_HAS(find({"text", "label"}, {"text", "text", ""}).error().message, "same column");
  EXPECT_HAS(find({"text", "label"}, {"text", "", "text"}).error().message, "both as text and as label");
  EXPECT_HAS(find({"text"}, {"1", "", ""}, false, ColumnNaming::fields).error().message, "no field \"1\"");
  EXPECT_HAS(find({}, {}, true, ColumnNaming::fields).error().message, "it has none");
}

}  // namespace
}  // namespace incipit
