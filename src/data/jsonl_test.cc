#include "data/test_folder.h"

namespace incipit {
namespace {

using Texts = std::vector<std::string>;
using JsonlTest = DataTest;

TEST_F(JsonlTest, LabelsOfAllKinds) {
  const Dataset dataset = read(write("a.jsonl",
                                     R"({"text": "a", "label": "x"}
{"label": 3, "text": "b"}
{"text": "c", "label": -3}
{"text": "d", "label": true}
{"text": "e", "label": 18446744073709551615}
)"));
  EXPECT_EQ(texts_of(dataset), (Texts{"a", "b", "c", "d", "e"}));
  EXPECT_EQ(labels_of(dataset), (Texts{"x", "3", "-3", "true", "18446744073709551615"}));
}

TEST_F(JsonlTest, PairsAndIds) {
  const Dataset dataset = read(write("a.ndjson",
                                     R"({"sentence1": "a", "sentence2": "b", "label": 0, "idx": 17}
{"sentence1": "c", "sentence2": "", "label": 1, "idx": "q"}
{"sentence1": "e", "sentence2": "f", "label": 1, "idx": null})"));
  ASSERT_EQ(dataset.examples.size(), 3u);
  EXPECT_EQ(dataset.examples[0].text_b, "b");
  EXPECT_EQ(dataset.examples[0].id, "17");
  EXPECT_EQ(dataset.examples[1].id, "q");
  EXPECT_EQ(dataset.examples[2].id, "2");
}

TEST_F(JsonlTest, BadRows) {
  const Dataset dataset = read(write("a.jsonl",
                                     R"(not json
{"text": "good", "text_pair": "b", "label": "x", "id": "first"}
["text", "label"]
{"text": ["nested"], "text_pair": "b", "label": "x"}
{"text": 3, "text_pair": "b", "label": "x"}
{"text_pair": "b", "label": "x"}
{"text": "a", "label": "x"}
{"text": "a", "text_pair": "b", "label": {"x": 1}}
{"text": "a", "text_pair": "b", "label": 1.5}
{"text": "a", "text_pair": "b", "label": null}
{"text": "a", "text_pair": "b"}
{"text": "a", "text_pair": "b", "label": ""}

{"text": "a", "text_pair": "b", "label": "x", "id": []}
{"text": "lone \ud800 surrogate", "text_pair": "b", "label": "x"}
{"text": "cut
)"));
  EXPECT_EQ(texts_of(dataset), Texts{"good"});
  ASSERT_EQ(dataset.warnings.size(), 8u);
  EXPECT_HAS(dataset.warnings[0], "3 rows passed over: not valid JSON (lines 1, 15, 16)");
  EXPECT_HAS(dataset.warnings[1], "1 row passed over: not a JSON object (line 3)");
  EXPECT_HAS(dataset.warnings[2], "its text is missing or not a string (lines 4, 5, 6)");
  EXPECT_HAS(dataset.warnings[3], "second text is missing or not a string (line 7)");
  EXPECT_HAS(dataset.warnings[4], "label is not a string, integer or boolean (lines 8, 9)");
  EXPECT_HAS(dataset.warnings[5], "no label (lines 10, 11, 12)");
  EXPECT_HAS(dataset.warnings[6], "blank (line 13)");
  EXPECT_HAS(dataset.warnings[7], "id is not a string");
}

TEST_F(JsonlTest, FieldsAreNamedByTheFirstObject) {
  const std::string message = error_of(write("a.jsonl", R"({"body": "a", "stars": 5})"));
  EXPECT_HAS(message,
             "a.jsonl: line 1: found no text; its fields are \"body\", \"stars\"; name it by --text");
  DataOptions options;
  options.columns = {"body", "", "stars"};
  EXPECT_EQ(labels_of(read(folder_ / "a.jsonl", options)), Texts{"5"});
  options.columns.label = "sterne";
  EXPECT_HAS(error_of(folder_ / "a.jsonl", options), "no field \"sterne\" (--label)");
}

TEST_F(JsonlTest, TextsKeepNulAndEscapes) {
  const Dataset dataset = read(write("a.jsonl", R"({"text": "a\u0000b\n\ud83d\ude00", "label": "x"})"));
  EXPECT_EQ(texts_of(dataset), Texts{std::string("a\0b\n", 4) + "😀"});
}

TEST_F(JsonlTest, DeepNestingIsHarmless) {
  const std::string deep(3 << 20, '[');
  const std::string closed = std::string(1 << 20, '[') + std::string(1 << 20, ']');
  const Dataset dataset =
      read(write("a.jsonl", deep + "\n{\"text\": \"a\", \"label\": 1, \"x\": " + closed + "}\n"));
  EXPECT_EQ(dataset.examples.size(), 1u);
}

}  // namespace
}  // namespace incipit
