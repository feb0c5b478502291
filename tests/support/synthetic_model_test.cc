#include "support/synthetic_model.h"

#include <algorithm>
#include <bit>

#include <gtest/gtest.h>

#include "base/file.h"

namespace incipit {
namespace {

std::filesystem::path fresh_folder(const std::string& name) {
  const auto folder = std::filesystem::path(testing::TempDir()) / ("synthetic_model_" + name);
  std::filesystem::remove_all(folder);
  return folder;
}

nlohmann::json header_of(const std::string& file) {
  std::uint64_t size = 0;
  for (std::size_t i = 0; i < 8; ++i) size |= std::uint64_t{static_cast<unsigned char>(file[i])} << (8 * i);
  return nlohmann::json::parse(file.substr(8, size));
}

TEST(SyntheticModel, HasTheBitsOfThePythonGenerator) {
  const auto text = read_file(INCIPIT_SOURCE_DIR "/tests/golden/synthetic.json");
  ASSERT_TRUE(text) << text.error().message;
  const auto rows = nlohmann::json::parse(*text);
  ASSERT_GE(rows.size(), 7u);
  for (const auto& row : rows) {
    const auto expected = row["bits"].get<std::vector<std::uint32_t>>();
    const auto values =
        synthetic_values(row["name"].get<std::string>(), row["shape"].get<std::vector<std::int64_t>>());
    ASSERT_EQ(values.size(), expected.size()) << row["name"];
    for (std::size_t i = 0; i < values.size(); ++i)
      ASSERT_EQ(std::bit_cast<std::uint32_t>(values[i]), expected[i]) << row["name"] << " element " << i;
  }
}

TEST(SyntheticModel, SpellingDoesNotChangeValues) {
  const std::vector<std::int64_t> shape{48};
  const auto values = synthetic_values("bert.embeddings.LayerNorm.weight", shape);
  EXPECT_EQ(values, synthetic_values("embeddings.LayerNorm.gamma", shape));
  EXPECT_NE(values, synthetic_values("bert.embeddings.LayerNorm.bias", shape));
}

TEST(SyntheticModel, ListsWhatTransformersWouldSave) {
  for (const char* name :
       {"roberta-masked-lm", "bert-masked-lm", "distilbert-masked-lm", "bert-masked-lm-gamma-beta", "gpt2-lm",
        "llama-lm", "llama-lm-tied", "mistral-lm"}) {
    const auto text = read_file(std::string(INCIPIT_SOURCE_DIR "/tests/golden/loading/") + name + ".json");
    ASSERT_TRUE(text) << text.error().message;
    const auto golden = nlohmann::json::parse(*text);
    SyntheticOptions options{.pooler = false, .classifier = false, .lm_head = true};
    options.old_layer_norm_names = std::string_view(name).ends_with("gamma-beta");
    auto specs = checkpoint_tensors(golden["config"], options);
    ASSERT_TRUE(specs) << specs.error().message;
    std::ranges::sort(*specs, {}, &TensorSpec::name);
    const auto& expected = golden["checkpoint"];
    ASSERT_EQ(specs->size(), expected.size()) << name;
    for (std::size_t i = 0; i < specs->size(); ++i) {
      EXPECT_EQ((*specs)[i].name, expected[i][0].get<std::string>()) << name;
      EXPECT_EQ((*specs)[i].shape, expected[i][1].get<std::vector<std::int64_t>>())
          << name << " " << (*specs)[i].name;
    }
  }
}

TEST(SyntheticModel, WritesEveryTensorInItsDtype) {
  const auto folder = fresh_folder("dtypes");
  auto config = tiny_config("bert");
  for (const auto& [dtype, label] :
       {std::pair{DType::f32, "F32"}, {DType::f16, "F16"}, {DType::bf16, "BF16"}}) {
    SyntheticOptions options{.position_ids = true, .dtype = dtype};
    ASSERT_TRUE(write_synthetic_model(folder, config, options));
    const auto file = read_file(folder / "model.safetensors");
    ASSERT_TRUE(file) << file.error().message;
    const auto header = header_of(*file);
    EXPECT_EQ(header["bert.pooler.dense.weight"]["dtype"], label);
    EXPECT_EQ(header["bert.embeddings.position_ids"]["dtype"], "I64");
    EXPECT_EQ(header.size(), checkpoint_tensors(config, options)->size() + 1);
    const std::size_t offset = header["classifier.weight"]["data_offsets"][0];
    const std::size_t begin = file->size() - [&] {
      std::size_t end = 0;
      for (const auto& [name, tensor] : header.items())
        if (name != "__metadata__") end = std::max(end, tensor["data_offsets"][1].get<std::size_t>());
      return end;
    }();
    std::vector<float> values(96);
    convert_to_f32(dtype, reinterpret_cast<const std::byte*>(file->data()) + begin + offset, values);
    const auto expected = synthetic_values("classifier.weight", {2, 48});
    const float tolerance = dtype == DType::f32 ? 0.0f : dtype == DType::f16 ? 0x1p-12f : 0x1p-9f;
    for (std::size_t i = 0; i < values.size(); ++i) EXPECT_NEAR(values[i], expected[i], tolerance) << i;
  }
}

TEST(SyntheticModel, ShardsHoldEachTensorOnce) {
  const auto folder = fresh_folder("shards");
  const auto config = tiny_config("roberta", 3);
  ASSERT_TRUE(write_synthetic_model(folder, config, {.shards = 3}));
  const auto index = nlohmann::json::parse(*read_file(folder / "model.safetensors.index.json"));
  EXPECT_EQ(index["weight_map"].size(), checkpoint_tensors(config)->size());
  for (const auto& [name, file] : index["weight_map"].items())
    EXPECT_TRUE(header_of(*read_file(folder / file.get<std::string>())).contains(name)) << name;
  EXPECT_FALSE(std::filesystem::exists(folder / "model.safetensors"));
}

TEST(SyntheticModel, RefusesAConfigWithoutSizes) {
  const auto status = write_synthetic_model(fresh_folder("broken"), nlohmann::json{{"model_type", "bert"}});
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("vocab_size"), std::string::npos) << status.error().message;
}

}  // namespace
}  // namespace incipit
