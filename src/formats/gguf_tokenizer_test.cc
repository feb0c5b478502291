#include "formats/gguf_tokenizer.h"

#include <nlohmann/json.hpp>

#include "formats/gguf_test_util.h"

namespace incipit {
namespace {

using Json = nlohmann::json;

std::string texts(const std::vector<std::string>& list) {
  std::string array = raw(GgufValueType::text) + raw<std::uint64_t>(list.size());
  for (const std::string& text : list) array += gguf_text(text);
  return array;
}

std::string numbers(const std::vector<std::int32_t>& list) {
  std::string array = raw(GgufValueType::i32) + raw<std::uint64_t>(list.size());
  for (const std::int32_t number : list) array += raw(number);
  return array;
}

/// Keys and values of a tokenizer that is right; a test changes some.
struct Keys {
  std::string model = "gpt2";
  std::vector<std::string> tokens = {"<s>", "</s>", "<tool>", "a", "b", "ab"};
  std::vector<std::int32_t> types = {3, 3, 4, 1, 1, 1};
  std::vector<std::string> merges = {"a b"};
  std::vector<std::string> more = {gguf_pair("tokenizer.ggml.pre", "gpt-2")};
};

class GgufTokenizer : public FolderTest {
 protected:
  Result<std::string> build(const Keys& keys) const {
    std::vector<std::string> pairs = keys.more;
    pairs.push_back(gguf_pair("tokenizer.ggml.model", keys.model));
    const auto array = [&](const char* key, const std::string& value) {
      pairs.push_back(gguf_pair(key, GgufValueType::array, value));
    };
    array("tokenizer.ggml.tokens", texts(keys.tokens));
    array("tokenizer.ggml.token_type", numbers(keys.types));
    array("tokenizer.ggml.merges", texts(keys.merges));
    return build(pairs);
  }
  Result<std::string> build(const std::vector<std::string>& pairs) const {
    INCIPIT_TRY(const GgufFile file, GgufFile::open(write("m.gguf", gguf_bytes(pairs, {}))));
    return gguf_tokenizer_json(file);
  }
};

TEST_F(GgufTokenizer, HasWhatTheFileSays) {
  const auto text = build(Keys());
  ASSERT_TRUE(text) << text.error().message;
  const Json json = Json::parse(*text);
  EXPECT_EQ(json["model"]["vocab"]["ab"], 5);
  EXPECT_EQ(json["model"]["vocab"].size(), 6u);
  EXPECT_EQ(json["model"]["merges"], Json::parse(R"([["a", "b"]])"));
  ASSERT_EQ(json["added_tokens"].size(), 3u);
  EXPECT_EQ(json["added_tokens"][1]["content"], "</s>");
  EXPECT_TRUE(json["added_tokens"][1]["special"]);
  EXPECT_FALSE(json["added_tokens"][2]["special"]);
  EXPECT_TRUE(json["post_processor"].is_null());
}

TEST_F(GgufTokenizer, FramesTextsAsAskedFor) {
  Keys keys;
  keys.more = {gguf_pair("tokenizer.ggml.pre", "gpt-2"), gguf_pair("tokenizer.ggml.bos_token_id", 0u),
               gguf_pair("tokenizer.ggml.eos_token_id", 1u),
               gguf_pair("tokenizer.ggml.add_bos_token", GgufValueType::boolean, "\x01"),
               gguf_pair("tokenizer.ggml.add_eos_token", GgufValueType::boolean, "\x01")};
  const auto framed = build(keys);
  ASSERT_TRUE(framed) << framed.error().message;
  const Json frame = Json::parse(*framed)["post_processor"];
  ASSERT_EQ(frame["single"].size(), 3u);
  EXPECT_EQ(frame["single"][0]["SpecialToken"]["id"], "<s>");
  EXPECT_EQ(frame["single"][2]["SpecialToken"]["id"], "</s>");
  EXPECT_EQ(frame["pair"].size(), 6u);
  EXPECT_EQ(frame["special_tokens"]["</s>"]["ids"], Json::parse("[1]"));

  keys.more = {gguf_pair("tokenizer.ggml.pre", "llama-bpe"), gguf_pair("tokenizer.ggml.bos_token_id", 0u)};
  EXPECT_EQ(Json::parse(*build(keys))["post_processor"]["single"].size(), 2u) << "without being asked";
  keys.more.push_back(
      gguf_pair("tokenizer.ggml.add_bos_token", GgufValueType::boolean, std::string(1, '\0')));
  EXPECT_TRUE(Json::parse(*build(keys))["post_processor"].is_null());
}

TEST_F(GgufTokenizer, WithoutAPreTokenizerTheArchitectureDecides) {
  const auto pre = [&](const std::vector<std::string>& more) {
    Keys keys;
    keys.more = more;
    return Json::parse(*build(keys))["pre_tokenizer"];
  };
  const std::string unsaid = gguf_pair("tokenizer.ggml.pre", "default");
  for (const char* architecture : {"gpt2", "qwen2"}) {
    const Json named =
        pre({gguf_pair("tokenizer.ggml.pre", std::string(architecture) == "gpt2" ? "gpt-2" : architecture)});
    EXPECT_EQ(pre({gguf_pair("general.architecture", architecture)}), named);
    EXPECT_EQ(pre({gguf_pair("general.architecture", architecture), unsaid}), named);
  }
  EXPECT_EQ(pre({gguf_pair("general.architecture", "llama")}), pre({unsaid}));
  EXPECT_NE(pre({unsaid}), pre({gguf_pair("tokenizer.ggml.pre", "gpt-2")}));
}

TEST_F(GgufTokenizer, NamesWhatIsWrong) {
  const auto refused = [&](auto change, const char* message) {
    SCOPED_TRACE(message);
    Keys keys;
    change(keys);
    const auto text = build(keys);
    expect_error(text, message);
    expect_error(text, "m.gguf: ");
  };
  refused([](Keys& keys) { keys.model = "llama"; },
          "tokenizer.ggml.model \"llama\" (SentencePiece) is not supported; supported is \"gpt2\"");
  refused([](Keys& keys) { keys.model = "bert"; }, "tokenizer.ggml.model \"bert\" is not supported");
  refused([](Keys& keys) { keys.more = {gguf_pair("tokenizer.ggml.pre", "tekken")}; },
          "tokenizer.ggml.pre \"tekken\" is not supported; supported are gpt-2, smollm, qwen2, llama-bpe, "
          "default");
  refused([](Keys& keys) { keys.more = {gguf_pair("tokenizer.ggml.pre", 1u)}; },
          "tokenizer.ggml.pre must be a text");
  refused([](Keys& keys) { keys.tokens = {}; }, "tokenizer.ggml.tokens is missing or empty");
  refused([](Keys& keys) { keys.tokens[4] = "\xff\xfe"; },
          "tokenizer.ggml.tokens: token 4 is not valid UTF-8");
  refused([](Keys& keys) { keys.tokens[4] = "a"; }, "tokenizer.ggml.tokens: tokens 3 and 4 are both \"a\"");
  refused([](Keys& keys) { keys.types.pop_back(); },
          "tokenizer.ggml.token_type has 5 entries, tokenizer.ggml.tokens has 6");
  for (const char* merge : {"", " ", "a", "ab", "a ", " b", "a c", "a  b", "a b c"})
    refused([&](Keys& keys) { keys.merges.push_back(merge); }, "tokenizer.ggml.merges: merge 1, ");
  refused([](Keys& keys) { keys.merges = {"b a"}; },
          "merge 0, \"b a\", makes a token that is not in tokenizer.ggml.tokens");
  const std::string asks = gguf_pair("tokenizer.ggml.add_bos_token", GgufValueType::boolean, "\x01");
  refused([&](Keys& keys) { keys.more.push_back(asks); }, "tokenizer.ggml.bos_token_id is missing");
  refused(
      [&](Keys& keys) {
        keys.more.push_back(asks);
        keys.more.push_back(gguf_pair("tokenizer.ggml.bos_token_id", 6u));
      },
      "tokenizer.ggml.bos_token_id must be an integer from 0 to 5, not 6");
  expect_error(build(std::vector<std::string>{}),
               "tokenizer.ggml.model is missing: the file has no tokenizer");
  expect_error(build({gguf_pair("tokenizer.ggml.model", "gpt2"),
                      gguf_pair("tokenizer.ggml.tokens", GgufValueType::array, texts({"a"}))}),
               "tokenizer.ggml.merges is missing");
}

}  // namespace
}  // namespace incipit
