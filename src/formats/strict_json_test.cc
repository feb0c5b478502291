#include "formats/strict_json.h"

#include "formats/format_test_util.h"

namespace incipit {
namespace {

TEST(StrictJson, ReadsWhatIsRight) {
  const auto json = parse_strict_json(R"( {"a": [1, {"b": null}], "c": {"a": "é"}} )", "x.json");
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ(json->at("c").at("a"), "é");
  EXPECT_TRUE(json->at("a").at(1).at("b").is_null());
}

TEST(StrictJson, NamesTheFileAndThePlace) {
  expect_error(parse_strict_json("{\n\"a\": 1,\n  \"b\" 2}", "x.json"),
               "x.json: not valid JSON at line 3, column 7");
  expect_error(parse_strict_json("", "x.json"), "x.json: not valid JSON at line 1");
  expect_error(parse_strict_json("{\"a\": \"\xff\"}", "x.json"), "not valid JSON at line 1, column 8");
  expect_error(parse_strict_json(std::string_view("{}\0{}", 5), "x.json"),
               "not valid JSON at line 1, column 3");
  expect_error(parse_strict_json("{} x", "x.json"), "not valid JSON");
  expect_error(parse_strict_json("{\"a\": NaN}", "x.json"), "not valid JSON");
  expect_error(parse_strict_json("{\"a\": 1e999}", "x.json"), "out of range");
}

TEST(StrictJson, RefusesRepeatedKeysAndDeepNesting) {
  expect_error(parse_strict_json(R"({"a": 1, "b": {"c\n": 1, "c\n": 2}})", "x.json"),
               R"(has the key "c\n" twice)");
  EXPECT_TRUE(parse_strict_json(R"({"a": {"x": 1}, "b": [{"x": 1}, {"x": 2}]})", "x.json"));
  EXPECT_TRUE(parse_strict_json(std::string(32, '[') + std::string(32, ']'), "x.json"));
  expect_error(parse_strict_json(std::string(33, '[') + std::string(33, ']'), "x.json"), "nested too deeply");
  expect_error(parse_strict_json(std::string(1 << 20, '['), "x.json"), "nested too deeply");
}

TEST(StrictJson, QuotesTextForOneLine) {
  EXPECT_EQ(quote_text("a\nb\"\x01"), R"("a\nb\"\u0001")");
  EXPECT_EQ(quote_text("\xff"), "\"\xEF\xBF\xBD\"");
  EXPECT_LT(quote_text(std::string(100000, 'x')).size(), 200u);
}

}  // namespace
}  // namespace incipit
