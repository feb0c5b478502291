#include "incipit/gguf_info.h"

#include <filesystem>
#include <fstream>
#include <optional>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "formats/gguf_test_util.h"
#include "formats/gguf_tokenizer.h"
#include "support/test_folder.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const fs::path kGolden = fs::path(INCIPIT_SOURCE_DIR) / "tests/golden/gguf";

json read_json(const char* name) {
  std::ifstream stream(kGolden / name);
  return json::parse(stream);
}

std::string text_array(const std::vector<std::string_view>& texts) {
  std::string array = raw(GgufValueType::text) + raw<std::uint64_t>(texts.size());
  for (const std::string_view text : texts) array += gguf_text(text);
  return array;
}

/// The golden vocabulary in a file whose pre-tokenizer is another.
std::string with_pre_tokenizer(const std::string& name) {
  const GgufFile file = GgufFile::open(kGolden / "tiny.gguf").value();
  const auto tokens = file.texts("tokenizer.ggml.tokens").value().value();
  const auto merges = file.texts("tokenizer.ggml.merges").value().value();
  const auto numbers = file.integers("tokenizer.ggml.token_type").value().value();
  std::string types = raw(GgufValueType::i32) + raw<std::uint64_t>(numbers.size());
  for (const std::int64_t type : numbers) types += raw(static_cast<std::int32_t>(type));
  const auto array = [](const char* key, const std::string& value) {
    return gguf_pair(key, GgufValueType::array, value);
  };
  return gguf_bytes(
      {gguf_pair("general.architecture", "llama"), gguf_pair("tokenizer.ggml.model", "gpt2"),
       gguf_pair("tokenizer.ggml.pre", name), gguf_pair("tokenizer.ggml.bos_token_id", 1u),
       array("tokenizer.ggml.tokens", text_array(tokens)), array("tokenizer.ggml.merges", text_array(merges)),
       array("tokenizer.ggml.token_type", types)},
      {});
}

/// Rows [text, ids, decoded] that the reference tokenizer gave.
void expect_rows(const Tokenizer& tokenizer, const json& rows) {
  ASSERT_GE(rows.size(), 50u);
  for (const json& row : rows) {
    const auto encoding = tokenizer.encode(row[0].get<std::string>(), std::nullopt, 4096);
    ASSERT_TRUE(encoding) << encoding.error().message;
    EXPECT_EQ(encoding->ids, row[1].get<std::vector<std::int32_t>>()) << row[0];
    EXPECT_EQ(tokenizer.decode(encoding->ids, true).value(), row[2].get<std::string>()) << row[0];
  }
}

TEST(GgufTokenizers, GiveTheIdsOfTheReference) {
  const TestFolder folder;
  const json expected = read_json("tokenizers.json");
  ASSERT_EQ(expected.size(), 5u);
  for (const auto& [name, rows] : expected.items()) {
    SCOPED_TRACE(name);
    ASSERT_TRUE(write_file(folder.path() / "m.gguf", with_pre_tokenizer(name)));
    const auto file = GgufFile::open(folder.path() / "m.gguf");
    ASSERT_TRUE(file) << file.error().message;
    const auto text = gguf_tokenizer_json(*file);
    ASSERT_TRUE(text) << text.error().message;
    const auto tokenizer = Tokenizer::from_json(*text, file->path());
    ASSERT_TRUE(tokenizer) << tokenizer.error().message;
    expect_rows(*tokenizer, rows);
  }
}

/// With the whole vocabulary, where `incipit pull smollm2` was run.
TEST(GgufTokenizers, OfSmolLm2GiveTheIdsOfTheReference) {
  const char* named = std::getenv("INCIPIT_SMOLLM2");
  const char* home = std::getenv("HOME");
  const fs::path folder = named != nullptr  ? fs::path(named)
                          : home != nullptr ? fs::path(home) / ".cache/incipit/models/smollm2"
                                            : fs::path();
  if (!fs::exists(folder))
    GTEST_SKIP() << "needs SmolLM2: run incipit pull smollm2, or set INCIPIT_SMOLLM2 (looked in " << folder
                 << ")";
  const auto info = read_gguf_info(folder);
  ASSERT_TRUE(info) << info.error().message;
  ASSERT_TRUE(*info);
  EXPECT_EQ((*info)->model.backbone_parameters, 134515008);
  expect_rows((*info)->tokenizer, read_json("smollm2.json"));
}

TEST(GgufInfo, SaysWhatTheFileSays) {
  const auto info = read_gguf_info(kGolden / "tiny.gguf");
  ASSERT_TRUE(info) << info.error().message;
  ASSERT_TRUE(*info);
  EXPECT_EQ((*info)->model.model_type, "llama");
  EXPECT_EQ((*info)->model.num_layers, 1);
  EXPECT_EQ((*info)->model.vocab_size, (*info)->tokenizer.vocab_size());
  EXPECT_EQ((*info)->model.backbone_parameters, (*info)->model.vocab_size * 8);
  EXPECT_EQ((*info)->tokenizer_kind, "gpt2, smollm");
  EXPECT_EQ((*info)->tensor_types, (std::vector<std::pair<std::string, std::int64_t>>{{"F16", 1}}));
  EXPECT_TRUE((*info)->model.chat_template.starts_with("{% for message"));
  EXPECT_TRUE((*info)->tie_word_embeddings);
}

TEST(GgufInfo, AFolderMeansItsOneFile) {
  const TestFolder folder;
  EXPECT_FALSE(*read_gguf_info(folder.path()));
  fs::copy_file(kGolden / "tiny.gguf", folder.path() / "a.gguf");
  EXPECT_TRUE(*read_gguf_info(folder.path()));
  fs::copy_file(kGolden / "tiny.gguf", folder.path() / "b.gguf");
  for (const auto& message :
       {read_gguf_info(folder.path()).error().message, Model::load(folder.path()).error().message})
    EXPECT_NE(message.find("has 2 GGUF files, such as a.gguf and b.gguf"), std::string::npos) << message;
}

}  // namespace
}  // namespace incipit
