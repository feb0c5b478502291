#include "formats/peft_adapter.h"

#include <cmath>
#include <limits>

#include "formats/format_test_util.h"
#include "formats/safetensors.h"
#include "formats/torch_pickle.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

/// What make_adapter_fixtures.py says of one adapter, held against what was read.
void expect_tensors(const Json& expected, const std::map<std::string, AdapterTensor>& tensors) {
  ASSERT_EQ(tensors.size(), expected.size());
  for (const auto& [name, tensor] : tensors) {
    SCOPED_TRACE(name);
    ASSERT_TRUE(expected.contains(name));
    const Json& wanted = expected.at(name);
    EXPECT_EQ(Json(tensor.shape), wanted.at("shape"));
    EXPECT_EQ(tensor.values.rows(), tensor.shape.size() == 2 ? tensor.shape[0] : 1);
    EXPECT_EQ(tensor.values.cols(), tensor.shape.back());
    double weighted = 0.0;
    const std::span<const float> values = tensor.values.values();
    for (std::size_t i = 0; i < values.size(); ++i) weighted += static_cast<double>(i + 1) * values[i];
    EXPECT_EQ(values.front(), wanted.at("first").get<double>());
    EXPECT_EQ(values.back(), wanted.at("last").get<double>());
    EXPECT_NEAR(weighted, wanted.at("weighted").get<double>(), 1e-9 * (1.0 + std::abs(weighted)));
  }
}

AdapterTensor tensor_of(std::vector<std::int64_t> shape, float value) {
  AdapterTensor tensor{std::move(shape), {}};
  tensor.values.resize(tensor.shape.size() == 2 ? tensor.shape[0] : 1, tensor.shape.back());
  tensor.values.fill(value);
  return tensor;
}

Json expected_fixtures() {
  return Json::parse(*read_file(golden_adapters() / "expected.json"));
}

class PeftAdapter : public FolderTest {
 protected:
  /// A folder with this config and a small valid weights file.
  Result<AdapterFile> read_with_config(std::string_view config) const {
    const std::vector<float> values = {1.0f, 2.0f};
    write("adapter_config.json", config);
    write("adapter_model.safetensors", serialize_safetensors({{"prompt_embeddings", {1, 2}, values}}));
    return read_adapter_folder(folder_);
  }
};

TEST_F(PeftAdapter, ReadsEveryLayout) {
  struct Case {
    const char* name;
    const char* peft_type;
    const char* base;
    std::optional<std::int64_t> num_virtual_tokens, token_dim;
    const char* task_type = "SEQ_CLS";
  };
  const Case cases[] = {{"prompt_tuning", "PROMPT_TUNING", "tiny/roberta", 4, 16},
                        {"prompt_tuning_bin", "PROMPT_TUNING", "tiny/bert", 4, 16},
                        {"prompt_tuning_f16", "PROMPT_TUNING", "tiny/roberta", 4, 16},
                        {"legacy_bin_bf16", "PROMPT_TUNING", "tiny/bert", 4, 16},
                        {"p_tuning", "P_TUNING", "tiny/roberta", 5, 16},
                        {"old_config", "PROMPT_TUNING", "tiny/bert", 4, std::nullopt},
                        {"language_prompt", "PROMPT_TUNING", "tiny/llama", 4, 48, "CAUSAL_LM"}};
  const Json expected = expected_fixtures();
  for (const Case& wanted : cases) {
    SCOPED_TRACE(wanted.name);
    const auto file = read_adapter_folder(golden_adapters() / wanted.name);
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(file->config.peft_type, wanted.peft_type);
    EXPECT_EQ(file->config.task_type, wanted.task_type);
    EXPECT_EQ(file->config.base_model_name_or_path, wanted.base);
    EXPECT_EQ(file->config.num_virtual_tokens, wanted.num_virtual_tokens);
    EXPECT_EQ(file->config.token_dim, wanted.token_dim);
    EXPECT_EQ(file->config.prompt_tuning_init_text, "");
    expect_tensors(expected.at(wanted.name), file->tensors);
  }
}

TEST_F(PeftAdapter, RewritesPeftsOwnFilesByteForByte) {
  const fs::path original = golden_adapters() / "prompt_tuning";
  const auto file = read_adapter_folder(original);
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_TRUE(write_adapter_files(folder_, file->config, file->tensors));
  for (const char* name : {"adapter_config.json", "adapter_model.safetensors"})
    EXPECT_EQ(*read_file(folder_ / name), *read_file(original / name)) << name;
}

TEST_F(PeftAdapter, WritesTextAsPythonDoes) {
  AdapterConfig config;
  config.peft_type = "PROMPT_TUNING";
  config.task_type = "CAUSAL_LM";
  config.prompt_tuning_init = "TEXT";
  config.prompt_tuning_init_text = "é \"😀\"\n\x7f";
  config.num_virtual_tokens = 3;
  std::map<std::string, AdapterTensor> tensors;
  tensors.emplace("prompt_embeddings", tensor_of({3, 2}, 0.5f));
  ASSERT_TRUE(write_adapter_files(folder_, config, tensors));
  const std::string text = *read_file(folder_ / "adapter_config.json");
  EXPECT_NE(text.find(R"("prompt_tuning_init_text": "\u00e9 \"\ud83d\ude00\"\n\u007f")"), std::string::npos)
      << text;
  EXPECT_NE(text.find("\"modules_to_save\": null"), std::string::npos) << text;
  EXPECT_NE(text.find("\"base_model_name_or_path\": null"), std::string::npos) << text;
  EXPECT_EQ(text.back(), '}');
  const auto file = read_adapter_folder(folder_);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->config.prompt_tuning_init_text, config.prompt_tuning_init_text);
  EXPECT_EQ(file->config.token_dim, std::nullopt);
}

TEST_F(PeftAdapter, WritesOurOwnTypeWithKnownKeysOnly) {
  AdapterConfig config;
  config.peft_type = "INCIPIT";
  config.task_type = "SEQ_CLS";
  config.base_model_name_or_path = "roberta-large";
  config.num_virtual_tokens = 10;
  std::map<std::string, AdapterTensor> tensors;
  tensors.emplace("late_rows", tensor_of({10, 4}, -1.0f));
  tensors.emplace("bias", tensor_of({4}, 2.0f));
  ASSERT_TRUE(write_adapter_files(folder_, config, tensors));
  EXPECT_EQ(*read_file(folder_ / "adapter_config.json"),
            "{\n  \"base_model_name_or_path\": \"roberta-large\",\n  \"num_virtual_tokens\": 10,\n"
            "  \"peft_type\": \"INCIPIT\",\n  \"task_type\": \"SEQ_CLS\"\n}");
  const auto file = read_adapter_folder(folder_);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->tensors.at("late_rows").values.row(9)[3], -1.0f);
  EXPECT_EQ(file->tensors.at("bias").shape, std::vector<std::int64_t>{4});
}

TEST_F(PeftAdapter, RefusesToWriteWhatItDoesNotKnow) {
  AdapterConfig config;
  config.peft_type = "LORA";
  expect_error(write_adapter_files(folder_, config, {}),
               "adapter_config.json: peft_type \"LORA\" is not written");
  config.peft_type = "PROMPT_TUNING";
  config.base_model_name_or_path = "\xff";
  expect_error(write_adapter_files(folder_, config, {}),
               "adapter_config.json: one of its texts is not UTF-8");
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(PeftAdapter, NeedsOnlyThePeftType) {
  const auto bare = read_with_config(R"({"peft_type": "P_TUNING"})");
  ASSERT_TRUE(bare) << bare.error().message;
  EXPECT_EQ(bare->config.task_type, "");
  EXPECT_EQ(bare->config.num_virtual_tokens, std::nullopt);
  const auto odd = read_with_config(R"({"peft_type": "PROMPT_TUNING", "token_dim": null, "task_type": null,
    "modules_to_save": ["classifier", "score", "classifier", "score", "classifier"], "of_a_later_release": {"x": 1}})");
  ASSERT_TRUE(odd) << odd.error().message;
  EXPECT_EQ(odd->config.token_dim, std::nullopt);
  EXPECT_TRUE(odd->config.json.contains("of_a_later_release"));
}

TEST_F(PeftAdapter, NamesTheKeyAtFault) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({})", "peft_type is missing"},
      {R"({"peft_type": null})", "peft_type is missing"},
      {R"({"peft_type": 1})", "peft_type must be a string or null"},
      {R"({"peft_type": "X", "num_virtual_tokens": "4"})", "num_virtual_tokens must be a positive integer"},
      {R"({"peft_type": "X", "num_virtual_tokens": 0})", "num_virtual_tokens must be a positive integer"},
      {R"({"peft_type": "X", "token_dim": -4})", "token_dim must be a positive integer"},
      {R"({"peft_type": "X", "token_dim": 1.5})", "token_dim must be a positive integer"},
      {R"({"peft_type": "X", "num_layers": 99999999999})", "num_layers must be a positive integer"},
      {R"({"peft_type": "X", "peft_type": "Y"})", "has the key \"peft_type\" twice"},
      {R"(["peft_type"])", "is a JSON array, an object is needed"}};
  for (const auto& [config, message] : cases) {
    SCOPED_TRACE(config);
    expect_error(read_with_config(config), message);
    expect_error(read_with_config(config), "adapter_config.json: ");
  }
}

TEST_F(PeftAdapter, LooksIntoOneSubFolder) {
  fs::create_directories(folder_ / "checkpoints");
  expect_error(read_adapter_folder(folder_), "not an adapter, it has no adapter_config.json");
  fs::copy(golden_adapters() / "prompt_tuning", folder_ / "mine");
  const auto file = read_adapter_folder(folder_);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->config.base_model_name_or_path, "tiny/roberta");
  fs::copy(golden_adapters() / "p_tuning", folder_ / "other");
  expect_error(read_adapter_folder(folder_), "holds 2 adapters; name one, such as ");
}

TEST_F(PeftAdapter, SaysWhatAFolderLacks) {
  expect_error(read_adapter_folder(folder_ / "none"), "none: no such folder");
  expect_error(read_adapter_folder(write("file", "")), "file: is a file, an adapter is a folder");
  write("adapter_config.json", R"({"peft_type": "PROMPT_TUNING"})");
  expect_error(read_adapter_folder(folder_), "has neither adapter_model.safetensors nor adapter_model.bin");
  write("adapter_model.safetensors", serialize_safetensors({}));
  EXPECT_TRUE(read_adapter_folder(folder_)) << "a hard prompt has no tensor";
}

TEST_F(PeftAdapter, RefusesTensorsOfOtherShapesAndValues) {
  write("adapter_config.json", R"({"peft_type": "PROMPT_TUNING"})");
  std::vector<float> values(8, 1.0f);
  write("adapter_model.safetensors", serialize_safetensors({{"cols", {2, 2, 2}, values}}));
  expect_error(read_adapter_folder(folder_),
               "adapter_model.safetensors: tensor \"cols\" has shape [2, 2, 2]");
  values[5] = std::numeric_limits<float>::quiet_NaN();
  write("adapter_model.safetensors", serialize_safetensors({{"p", {2, 4}, values}}));
  expect_error(read_adapter_folder(folder_),
               "adapter_model.safetensors: tensor \"p\" holds nan at element 5");
  fs::remove(folder_ / "adapter_model.safetensors");
  std::string bin = *read_file(golden_adapters() / "legacy_bin_bf16" / "adapter_model.bin");
  bin.replace(bin.size() - 2, 2, "\xc0\x7f");  // its last bf16
  write("adapter_model.bin", bin);
  expect_error(read_adapter_folder(folder_), " holds nan at element ");
  expect_error(read_adapter_folder(folder_), "adapter_model.bin: tensor ");
}

}  // namespace
}  // namespace incipit
