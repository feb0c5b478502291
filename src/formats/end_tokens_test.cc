#include "formats/end_tokens.h"

#include "formats/format_test_util.h"

namespace incipit {
namespace {

using Ids = std::vector<std::int32_t>;
using Json = nlohmann::json;

TEST(EndTokens, AreOneIdOrAList) {
  const auto read = [](const char* json) { return read_end_tokens(Json::parse(json), "config.json"); };
  EXPECT_EQ(**read(R"({"eos_token_id": 7})"), Ids{7});
  EXPECT_EQ(**read(R"({"eos_token_id": [128001, 128009]})"), (Ids{128001, 128009}));
  EXPECT_EQ(**read(R"({"eos_token_id": 2147483647})"), Ids{2147483647});
  EXPECT_EQ(**read(R"({"eos_token_id": []})"), Ids{});
  for (const char* none : {"{}", R"({"eos_token_id": null})"}) {
    const auto tokens = read(none);
    ASSERT_TRUE(tokens) << none;
    EXPECT_FALSE(*tokens) << none;
  }
}

TEST(EndTokens, WhatIsNoIdIsNamed) {
  for (const char* value : {"-1", "2147483648", "18446744073709551615", "1.0", "\"7\"", "true", "{}",
                            "[1, -1]", "[1, [2]]", "[null]", "[\"</s>\"]"})
    expect_error(read_end_tokens(Json{{"eos_token_id", Json::parse(value)}}, "x/config.json"),
                 "x/config.json: eos_token_id must be a token id or a list of them");
}

class GenerationConfig : public FolderTest {};

TEST_F(GenerationConfig, IsReadWhereThereIsOne) {
  ASSERT_TRUE(generation_end_tokens(folder_));
  EXPECT_FALSE(*generation_end_tokens(folder_));
  write("generation_config.json", R"({"eos_token_id": [2, 3]})");
  EXPECT_EQ(**generation_end_tokens(folder_), (Ids{2, 3}));
  write("generation_config.json", R"({"eos_token_id": "</s>"})");
  expect_error(generation_end_tokens(folder_), "generation_config.json: eos_token_id must be a token id");
  for (const char* broken : {"", "[2]", "{\"eos_token_id\": "}) {
    write("generation_config.json", broken);
    expect_error(generation_end_tokens(folder_), "generation_config.json");
  }
}

}  // namespace
}  // namespace incipit
