#include "infer/lower_layers.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "incipit/predict.h"

#include "base/rng.h"
#include "infer/features.h"
#include "infer/packed_run.h"
#include "prompt/prompt_method.h"
#include "support/synthetic_decoder.h"
#include "support/synthetic_model.h"
#include "support/test_folder.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

/// A small random model of each kind, and late prompts on it.
class LowerLayersTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::string type = GetParam();
    nlohmann::json config = tiny_config(type);
    config["vocab_size"] = 300;
    SyntheticOptions options;
    options.tokenizer = fs::path(INCIPIT_SOURCE_DIR) / "tests/golden/tokenizers/bert/tokenizer.json";
    options.lm_head = is_decoder(type);
    ASSERT_TRUE(write_synthetic_model(folder_.path() / "base", config, options));
    auto loaded = Model::load(folder_.path() / "base");
    ASSERT_TRUE(loaded) << loaded.error().message;
    model_.emplace(std::move(*loaded));
    Rng rng(9);
    for (std::size_t i = 0; i < 24; ++i) {
      Example& example = texts_.emplace_back();
      example.id = std::to_string(i);
      example.text_a = "a b c d e";
      for (std::uint64_t w = rng.below(40); w > 0; --w)
        example.text_a += std::string(" ") + static_cast<char>('a' + rng.below(26));
    }
  }

  Adapter make(Method method, std::int64_t layer, std::uint64_t seed) const {
    AdapterInfo info;
    info.method = method;
    info.head_input = HeadInput::mean;
    info.num_virtual_tokens = method == Method::head ? 0 : 2 + static_cast<std::int64_t>(seed);
    info.insert_layer = layer;
    return make(std::move(info), seed);
  }
  Adapter make(AdapterInfo info, std::uint64_t seed) const {
    info.labels = {"a", "b"};
    Adapter adapter = *Adapter::create(*model_, info, seed);
    Rng rng(seed);
    for (Parameter* parameter : adapter.prompt().parameters())
      for (float& value : parameter->value.values()) value = static_cast<float>(0.5 * rng.normal());
    return adapter;
  }

  ActivationCacheOptions options(CacheType type = CacheType::bf16) const {
    return {type, folder_.path() / "activations", std::int64_t{1} << 30};
  }
  LowerLayers lower(const ActivationCacheOptions& options) {
    return LowerLayers(*model_, options,
                       [this](const std::string& message) { warnings_.push_back(message); });
  }
  fs::path only_file() const {
    fs::path found;
    for (const auto& entry : fs::directory_iterator(folder_.path() / "activations")) found = entry.path();
    return found;
  }

  /// Features, then the prompts' gradients, of mixed adapters; `lower` may be null.
  std::vector<float> results(std::vector<Adapter>& adapters, LowerLayers* lower, bool dropout = false) {
    std::vector<std::vector<TemplatedExample>> examples;
    std::vector<const Adapter*> readable;
    std::vector<Adapter*> writable;
    for (Adapter& adapter : adapters) {
      examples.push_back(*apply_template(*model_, adapter, texts_));
      readable.push_back(&adapter);
      writable.push_back(&adapter);
      for (Parameter* parameter : adapter.prompt().parameters()) parameter->gradient.fill(0.0f);
    }
    std::vector<WorkItem> items;
    for (std::size_t i = 0; i < texts_.size() * adapters.size(); ++i)
      items.push_back({&examples[i % adapters.size()][i / adapters.size()], i % adapters.size(), i});
    PackedRun run(model_->backbone());
    run.use(lower);
    Want want;
    want.trace = true;
    if (dropout) want.dropout = DropoutKey{1, 2};
    Matrix features;
    const Status done = run.forward(readable, items, want, features);
    EXPECT_TRUE(done) << done.error().message;
    run.backward(writable, std::as_const(features).view());
    std::vector<float> all(features.values().begin(), features.values().end());
    for (const Adapter& adapter : adapters)
      for (const Parameter* parameter : adapter.prompt().parameters())
        all.insert(all.end(), parameter->gradient.values().begin(), parameter->gradient.values().end());
    return all;
  }

  std::vector<Adapter> mixed() const {
    std::vector<Adapter> adapters;
    adapters.push_back(make(Method::late, 1, 1));
    adapters.push_back(make(Method::prompt, 0, 2));
    adapters.push_back(make(Method::late, 2, 3));
    adapters.push_back(make(Method::head, 0, 4));
    return adapters;
  }

  TestFolder folder_;
  std::optional<Model> model_;
  std::vector<Example> texts_;
  std::vector<std::string> warnings_;
};

INSTANTIATE_TEST_SUITE_P(Models, LowerLayersTest, testing::Values("bert", "roberta", "gpt2", "llama"),
                         [](const auto& type) { return std::string(type.param); });

void expect_near(const std::vector<float>& a, const std::vector<float>& b, double most) {
  ASSERT_EQ(a.size(), b.size());
  double largest = 0;
  for (const float value : b) largest = std::max(largest, std::abs(static_cast<double>(value)));
  for (std::size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], most * largest) << i;
}

TEST_P(LowerLayersTest, ExactRowsChangeNothing) {
  std::vector<Adapter> adapters = mixed();
  const std::vector<float> plain = results(adapters, nullptr);
  LowerLayers exact = lower(options(CacheType::f32));
  expect_near(results(adapters, &exact), plain, 2e-6);
  expect_near(results(adapters, &exact), plain, 2e-6);
  LowerLayers narrow = lower(options(CacheType::bf16));
  const std::vector<float> rounded = results(adapters, &narrow);
  expect_near(rounded, plain, 3e-2);
  EXPECT_NE(rounded, plain);
}

TEST_P(LowerLayersTest, HitAndMissGiveTheSameBits) {
  for (const CacheType type : {CacheType::bf16, CacheType::f32}) {
    std::vector<Adapter> adapters = mixed();
    LowerLayers first = lower(options(type));
    const std::vector<float> miss = results(adapters, &first);
    EXPECT_EQ(first.use().found, 0);
    EXPECT_EQ(first.use().run, 2 * std::ssize(texts_));
    EXPECT_EQ(results(adapters, &first), miss);
    EXPECT_EQ(first.use().found, 2 * std::ssize(texts_));
    LowerLayers later = lower(options(type));
    EXPECT_EQ(results(adapters, &later), miss) << "of another run";
    EXPECT_EQ(later.use().run, 0);
    LowerLayers nowhere = lower({type, {}, 0});
    EXPECT_EQ(results(adapters, &nowhere), miss) << "without a file";
    EXPECT_TRUE(warnings_.empty());
  }
}

/// A row's bits do not depend on what is run with it.
TEST_P(LowerLayersTest, HalfOfTheFileGivesTheSameBits) {
  std::vector<Adapter> adapters;
  adapters.push_back(make(Method::late, 2, 3));
  LowerLayers first = lower(options());
  const std::vector<float> miss = results(adapters, &first);
  fs::resize_file(only_file(), fs::file_size(only_file()) / 2);
  LowerLayers half = lower(options());
  EXPECT_EQ(results(adapters, &half), miss);
  EXPECT_GT(half.use().found, 2);
  EXPECT_GT(half.use().run, 2);
  EXPECT_EQ(half.use().found + half.use().run, std::ssize(texts_));
  LowerLayers whole = lower(options());
  EXPECT_EQ(results(adapters, &whole), miss);
  EXPECT_EQ(whole.use().run, 0);
}

/// Whatever the number and the start of the virtual tokens, and whatever the labels.
TEST_P(LowerLayersTest, AdaptersShareWhatIsKept) {
  std::vector<Adapter> one, other;
  one.push_back(make(Method::late, 2, 1));
  other.push_back(make(Method::late, 2, 7));
  LowerLayers first = lower(options());
  results(one, &first);
  LowerLayers second = lower(options());
  results(other, &second);
  EXPECT_EQ(second.use().run, 0);
  std::vector<Adapter> deeper;
  deeper.push_back(make(Method::late, 1, 1));
  LowerLayers third = lower(options());
  results(deeper, &third);
  EXPECT_EQ(third.use().found, 0) << "of another layer";
}

/// A verbalizer's words of several tokens continue the text in all layers.
TEST_P(LowerLayersTest, TextsThatWordsContinueRunWhole) {
  if (!is_decoder(GetParam())) return;
  AdapterInfo info;
  info.method = Method::late;
  info.num_virtual_tokens = 3;
  info.insert_layer = 1;
  info.template_text = "{text_a} d e f";
  info.verbalizer = R"({"a": ["b c d"], "b": ["e"]})";
  std::vector<Adapter> adapters;
  adapters.push_back(make(info, 1));
  adapters.push_back(make(Method::late, 2, 3));
  const std::vector<float> plain = results(adapters, nullptr);
  LowerLayers exact = lower(options(CacheType::f32));
  expect_near(results(adapters, &exact), plain, 2e-6);
  EXPECT_EQ(exact.use().run, std::ssize(texts_)) << "of the other adapter";
}

TEST_P(LowerLayersTest, DropoutActsAboveOnly) {
  std::vector<Adapter> adapters;
  adapters.push_back(make(Method::late, 2, 1));
  LowerLayers cache = lower(options());
  const std::vector<float> first = results(adapters, &cache, true);
  EXPECT_EQ(results(adapters, &cache, true), first);
  if (std::string(GetParam()) != "llama") {  // which has no dropout
    EXPECT_NE(results(adapters, &cache, false), first);
  }
}

TEST_P(LowerLayersTest, WithoutRoomOrAFolderItOnlyTakesLonger) {
  std::vector<Adapter> adapters;
  adapters.push_back(make(Method::late, 2, 1));
  LowerLayers good = lower(options());
  const std::vector<float> expected = results(adapters, &good);
  std::ofstream(folder_.path() / "file") << "x";
  LowerLayers nowhere = lower({CacheType::bf16, folder_.path() / "file", std::int64_t{1} << 30});
  EXPECT_EQ(results(adapters, &nowhere), expected);
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_NE(warnings_[0].find((folder_.path() / "file").string()), std::string::npos) << warnings_[0];
  warnings_.clear();
  LowerLayers small = lower({CacheType::bf16, folder_.path() / "small", 20000});
  EXPECT_EQ(results(adapters, &small), expected);
  EXPECT_EQ(results(adapters, &small), expected);
  EXPECT_GT(small.use().found, 0);
  EXPECT_LT(small.use().found, std::ssize(texts_));
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_NE(warnings_[0].find("no more room"), std::string::npos) << warnings_[0];
  std::int64_t bytes = 0;
  for (const auto& entry : fs::directory_iterator(folder_.path() / "small"))
    bytes += static_cast<std::int64_t>(entry.file_size());
  EXPECT_LE(bytes, 20000);
}

TEST_P(LowerLayersTest, FilesUsedLongestAgoMakeWay) {
  std::vector<Adapter> adapters;
  adapters.push_back(make(Method::late, 2, 1));
  LowerLayers probe = lower(options());
  results(adapters, &probe);
  const auto needed = static_cast<std::int64_t>(fs::file_size(only_file()));
  const fs::path folder = folder_.path() / "shared";
  fs::create_directories(folder);
  const auto make_file = [&](const char* name, int days) {
    std::ofstream(folder / name) << std::string(10000, 'x');
    fs::last_write_time(folder / name, fs::file_time_type::clock::now() - std::chrono::hours(24 * days));
  };
  make_file("old.activations", 9);
  make_file("older.activations", 11);
  make_file("new.activations", 1);
  make_file("oldest.txt", 99);
  LowerLayers cache = lower({CacheType::bf16, folder, needed + 15000});
  results(adapters, &cache);
  EXPECT_FALSE(fs::exists(folder / "older.activations"));
  EXPECT_FALSE(fs::exists(folder / "old.activations"));
  EXPECT_TRUE(fs::exists(folder / "new.activations"));
  EXPECT_TRUE(fs::exists(folder / "oldest.txt")) << "not ours";
  LowerLayers later = lower({CacheType::bf16, folder, needed + 15000});
  results(adapters, &later);
  EXPECT_EQ(later.use().run, 0);
  EXPECT_TRUE(warnings_.empty());
}

TEST_P(LowerLayersTest, WhatIsWrongInTheFileIsRunAnew) {
  std::vector<Adapter> adapters;
  adapters.push_back(make(Method::late, 2, 1));
  LowerLayers good = lower(options());
  const std::vector<float> expected = results(adapters, &good);
  std::string bytes;
  {
    std::ifstream file(only_file(), std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(file), {});
  }
  for (std::size_t at = 300; at < bytes.size(); at += 1999) bytes[at] = static_cast<char>(bytes[at] ^ 4);
  std::ofstream(only_file(), std::ios::binary) << bytes;
  LowerLayers damaged = lower(options());
  EXPECT_EQ(results(adapters, &damaged), expected);
  EXPECT_GT(damaged.use().run, 0);
  std::ofstream(only_file(), std::ios::binary) << std::string(1000, 'x');
  LowerLayers replaced = lower(options());
  EXPECT_EQ(results(adapters, &replaced), expected);
  EXPECT_EQ(replaced.use().found, 0);
  EXPECT_EQ(warnings_.size(), 1u);
}

}  // namespace
}  // namespace incipit
