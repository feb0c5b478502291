// What tests of looks into a prompt share: a small random model, texts, adapters of random rows. For tests of
// the layers above `model`.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "incipit/adapter.h"
#include "incipit/dataset.h"
#include "incipit/model.h"

#include "base/rng.h"
#include "prompt/prompt_method.h"
#include "score/classifier_head.h"
#include "support/synthetic_model.h"
#include "support/test_folder.h"

namespace incipit {

class PromptTest : public testing::Test {
 protected:
  void SetUp() override {
    nlohmann::json config = tiny_config("bert");
    config["vocab_size"] = 300;
    SyntheticOptions options;
    options.tokenizer =
        std::filesystem::path(INCIPIT_SOURCE_DIR) / "tests/golden/tokenizers/bert/tokenizer.json";
    ASSERT_TRUE(write_synthetic_model(folder_.path() / "base", config, options));
    auto loaded = Model::load(folder_.path() / "base");
    ASSERT_TRUE(loaded) << loaded.error().message;
    model_.emplace(std::move(*loaded));
  }

  /// With random rows and a head that answers both labels.
  Adapter make(AdapterInfo info, std::uint64_t seed = 1) const {
    info.labels = {"no", "yes"};
    auto made = Adapter::create(*model_, info, seed);
    EXPECT_TRUE(made) << made.error().message;
    Rng rng(seed);
    for (Parameter* parameter : made->prompt().parameters())
      for (float& value : parameter->value.values()) value = static_cast<float>(0.7 * rng.normal());
    return std::move(*made);
  }
  static AdapterInfo info(Method method, HeadInput input, std::int64_t tokens) {
    AdapterInfo result;
    result.method = method;
    result.head_input = input;
    result.num_virtual_tokens = tokens;
    result.insert_layer = method == Method::late ? 1 : 0;
    return result;
  }

  /// Of any lengths, their labels drawn.
  static std::vector<Example> texts(std::size_t count, std::uint64_t seed = 5) {
    std::vector<Example> examples(count);
    Rng rng(seed);
    for (std::size_t i = 0; i < count; ++i) {
      examples[i].id = std::to_string(i);
      examples[i].label = static_cast<int>(rng.below(2));
      for (std::uint64_t w = rng.below(8); w > 0; --w)
        examples[i].text_a += std::string(1, static_cast<char>('a' + rng.below(26))) + " ";
    }
    return examples;
  }

  TestFolder folder_;
  std::optional<Model> model_;
};

}  // namespace incipit
