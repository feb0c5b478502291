#include "incipit/model.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <limits>
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "backbone/architecture.h"
#include "backbone/backbone.h"
#include "base/file.h"
#include "score/lm_head.h"
#include "support/synthetic_model.h"
#include "support/test_folder.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const fs::path kGolden = fs::path(INCIPIT_SOURCE_DIR) / "tests/golden";
const fs::path kTokenizer = kGolden / "tokenizers/bert/tokenizer.json";

SyntheticOptions with_tokenizer() {
  SyntheticOptions options;
  options.tokenizer = kTokenizer;
  return options;
}

json config_of(const char* type) {
  json config = tiny_config(type);
  config["vocab_size"] = 300;
  return config;
}

std::string failure(const fs::path& folder) {
  const auto model = Model::load(folder);
  return model ? "loaded" : model.error().message;
}

/// The lists of transformers 5, which never names the position_ids buffer; its older releases, and we, do.
TEST(ModelLoading, ListsUnusedAndNewTensorsAsTransformers) {
  const TestFolder folder;
  int cases = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(kGolden / "loading")) {
    SCOPED_TRACE(entry.path().filename().string());
    std::ifstream stream(entry.path());
    json golden = json::parse(stream);
    std::vector<TensorSpec> tensors;
    std::set<std::string> position_ids;
    for (const json& tensor : golden["checkpoint"]) {
      tensors.push_back({tensor[0], tensor[1]});
      if (tensors.back().name.ends_with("position_ids")) position_ids.insert(tensors.back().name);
    }
    const fs::path base = folder.path() / entry.path().stem();
    ASSERT_TRUE(write_synthetic_model(base, golden["config"], tensors, {}));
    std::ofstream(base / "tokenizer.json")
        << R"({"version":"1.0","added_tokens":[],"model":{"type":"WordLevel","vocab":{"a":0},"unk_token":"a"}})";
    const auto model = Model::load(base);
    ASSERT_TRUE(model) << model.error().message;
    std::set<std::string> unused(model->report().unused.begin(), model->report().unused.end());
    for (const std::string& name : position_ids) EXPECT_EQ(unused.erase(name), 1u) << name;
    EXPECT_EQ(unused, golden["unexpected"].get<std::set<std::string>>());
    const auto& made = model->report().newly_initialised;
    EXPECT_EQ(std::set<std::string>(made.begin(), made.end()),
              golden["missing"].get<std::set<std::string>>());
    ++cases;
  }
  EXPECT_GE(cases, 10);
}

/// The first value of a layer's output tells whether the same weights were found.
TEST(ModelLoading, EverySpellingIsTheSameModel) {
  const TestFolder folder;
  std::vector<SyntheticOptions> spellings(5, with_tokenizer());
  spellings[1].prefix = false;
  spellings[1].classifier = false;
  spellings[2].old_layer_norm_names = true;
  spellings[3].shards = 3;
  spellings[4].lm_head = true;
  spellings[4].position_ids = true;
  std::vector<float> first;
  std::string fingerprint;
  for (std::size_t s = 0; s < spellings.size(); ++s) {
    SCOPED_TRACE(s);
    const fs::path base = folder.path() / std::to_string(s);
    ASSERT_TRUE(write_synthetic_model(base, config_of("bert"), spellings[s]));
    const auto model = Model::load(base);
    ASSERT_TRUE(model) << model.error().message;
    PackedBatch batch{{2, 30, 3}, {0, 1, 2}, {0, 0, 0}, {0, 0, 0}, {{0, 3, 0}}, {}};
    Matrix hidden;
    ASSERT_TRUE(model->backbone().hidden_states(batch, {}, 3, *model->backbone().new_pass(), hidden));
    const std::vector<float> values(hidden.values().begin(), hidden.values().end());
    if (first.empty()) {
      first = values;
      fingerprint = model->info().fingerprint;
    }
    EXPECT_EQ(values, first);
    EXPECT_EQ(model->info().fingerprint, fingerprint);
  }
}

TEST(ModelLoading, TheLanguageModelHeadIsReadWhenAskedFor) {
  const TestFolder folder;
  const auto model_of = [&](const json& config, bool lm_head) {
    SyntheticOptions options = with_tokenizer();
    options.lm_head = lm_head;
    EXPECT_TRUE(write_synthetic_model(folder.path() / "base", config, options));
    return *Model::load(folder.path() / "base");
  };
  for (const char* type : {"bert", "distilbert", "gpt2", "llama", "qwen2"}) {
    SCOPED_TRACE(type);
    const Model model = model_of(config_of(type), true);
    const auto head = model.lm_head();
    ASSERT_TRUE(head) << head.error().message;
    EXPECT_EQ((*head)->vocab_size(), 300);
    EXPECT_EQ(*model.lm_head(), *head) << "once";
  }
  const std::pair<const char*, const char*> missing[] = {{"bert", "cls.predictions.transform.dense.weight"},
                                                         {"roberta", "lm_head.dense.weight"},
                                                         {"distilbert", "vocab_transform.weight"},
                                                         {"llama", "lm_head.weight"}};
  for (const auto& [type, tensor] : missing) {
    const auto head = model_of(config_of(type), false).lm_head();
    ASSERT_FALSE(head) << type;
    EXPECT_NE(head.error().message.find(fmt::format("tensor {} is missing", tensor)), std::string::npos)
        << head.error().message;
  }
  json tied = config_of("llama");
  tied["tie_word_embeddings"] = true;
  EXPECT_TRUE(model_of(tied, false).lm_head());
}

TEST(ModelLoading, DecodersWithAndWithoutTheirPrefixAreTheSame) {
  const TestFolder folder;
  for (const char* type : {"gpt2", "llama"}) {
    SCOPED_TRACE(type);
    std::string fingerprint;
    for (const bool prefix : {true, false}) {
      SyntheticOptions options = with_tokenizer();
      options.prefix = prefix;
      ASSERT_TRUE(write_synthetic_model(folder.path() / "base", config_of(type), options));
      const auto model = Model::load(folder.path() / "base");
      ASSERT_TRUE(model) << model.error().message;
      EXPECT_TRUE(fingerprint.empty() || model->info().fingerprint == fingerprint);
      fingerprint = model->info().fingerprint;
    }
    json other = config_of(type);
    other[std::string_view(type) == "gpt2" ? "scale_attn_by_inverse_layer_idx" : "rope_theta"] =
        std::string_view(type) == "gpt2" ? json(true) : json(5000);
    ASSERT_TRUE(write_synthetic_model(folder.path() / "base", other, with_tokenizer()));
    EXPECT_NE(Model::load(folder.path() / "base")->info().fingerprint, fingerprint) << "the same tensors";
  }
}

TEST(ModelLoading, HalfPrecisionIsClose) {
  const TestFolder folder;
  for (const DType dtype : {DType::f16, DType::bf16}) {
    SyntheticOptions options = with_tokenizer();
    options.dtype = dtype;
    ASSERT_TRUE(write_synthetic_model(folder.path() / "half", config_of("distilbert"), options));
    ASSERT_TRUE(write_synthetic_model(folder.path() / "full", config_of("distilbert"), with_tokenizer()));
    const auto half = Model::load(folder.path() / "half"), full = Model::load(folder.path() / "full");
    ASSERT_TRUE(half) << half.error().message;
    std::vector<float> a(48), b(48);
    half->backbone().word_embedding(7, a);
    full->backbone().word_embedding(7, b);
    for (int j = 0; j < 48; ++j) EXPECT_NEAR(a[j], b[j], dtype == DType::f16 ? 1e-3 : 1e-2);
    EXPECT_NE(half->info().fingerprint, full->info().fingerprint);
  }
}

TEST(ModelLoading, RobertaLargesParametersAreCountedAsPeft) {
  // 354,310,144 + 2 x 1,051,650 + 10,240, by the shapes alone.
  const std::int64_t hidden = 1024, inner = 4096;
  const std::int64_t layer =
      4 * hidden * (hidden + 1) + inner * (hidden + 1) + hidden * (inner + 1) + 4 * hidden;
  EXPECT_EQ((50265 + 514 + 1) * hidden + 2 * hidden + 24 * layer, 354310144);
  // And that the loader counts by the same rule.
  const TestFolder folder;
  json config = config_of("roberta");
  ASSERT_TRUE(write_synthetic_model(folder.path() / "base", config, with_tokenizer()));
  const auto model = Model::load(folder.path() / "base");
  ASSERT_TRUE(model) << model.error().message;
  const std::int64_t h = config["hidden_size"], i = config["intermediate_size"],
                     n = config["num_hidden_layers"];
  const std::int64_t positions = config["max_position_embeddings"], types = config["type_vocab_size"];
  const std::int64_t small = 4 * h * (h + 1) + i * (h + 1) + h * (i + 1) + 4 * h;
  EXPECT_EQ(model->info().backbone_parameters, (300 + positions + types) * h + 2 * h + n * small);
}

TEST(ModelLoading, NamesWhatIsWrong) {
  const TestFolder folder;
  const fs::path base = folder.path() / "base";
  EXPECT_NE(failure(base).find("not a model; a folder with config.json"), std::string::npos);
  const auto write = [&](const json& config, const SyntheticOptions& options) {
    fs::remove_all(base);
    ASSERT_TRUE(write_synthetic_model(base, config, options));
  };
  json config = config_of("bert");
  write(config, with_tokenizer());
  EXPECT_EQ(failure(base), "loaded");

  config["model_type"] = "gpt_nonsense";
  std::ofstream(base / "config.json") << config.dump();
  EXPECT_NE(failure(base).find("gpt_nonsense"), std::string::npos);
  EXPECT_NE(failure(base).find("distilbert"), std::string::npos) << "the known ones must be listed";

  config = config_of("bert");
  config["intermediate_size"] = 97;
  std::ofstream(base / "config.json") << config.dump();
  EXPECT_NE(failure(base).find("intermediate.dense.weight"), std::string::npos) << failure(base);

  config = config_of("bert");
  config["num_hidden_layers"] = 4;
  std::ofstream(base / "config.json") << config.dump();
  EXPECT_NE(failure(base).find("encoder.layer.3"), std::string::npos) << failure(base);

  config = config_of("bert");
  config["hidden_act"] = "mish";
  std::ofstream(base / "config.json") << config.dump();
  EXPECT_NE(failure(base).find("mish"), std::string::npos);

  write(config_of("bert"), with_tokenizer());
  fs::remove(base / "tokenizer.json");
  EXPECT_NE(failure(base).find("tokenizer.json"), std::string::npos);

  config = config_of("bert");
  config["vocab_size"] = 100;
  write(config, with_tokenizer());
  EXPECT_NE(failure(base).find("its tokenizer has 267 tokens, the model 100"), std::string::npos)
      << failure(base);

  write(config_of("bert"), with_tokenizer());
  std::string weights = *read_file(base / "model.safetensors");
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::memcpy(weights.data() + weights.size() - 4, &nan, 4);
  std::ofstream(base / "model.safetensors", std::ios::binary) << weights;
  const std::string message = failure(base);
  EXPECT_NE(message.find("model.safetensors"), std::string::npos) << message;
  for (const std::size_t kib : {0u, 1u, 2u, 5u, 50u}) {
    std::ofstream(base / "model.safetensors", std::ios::binary) << weights.substr(0, kib * 1024);
    EXPECT_NE(failure(base).find("model.safetensors"), std::string::npos);
    EXPECT_EQ(failure(base).find('\n'), std::string::npos);
  }
}

}  // namespace
}  // namespace incipit
