#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "incipit/adapter.h"
#include "incipit/generate.h"

#include "support/synthetic_model.h"
#include "support/test_folder.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using Ids = std::vector<std::int32_t>;

const fs::path kParity = fs::path(INCIPIT_SOURCE_DIR) / "tests/golden/parity";

void spill(const fs::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

json read_json(const fs::path& path) {
  std::ifstream stream(path);
  return json::parse(stream);
}

/// Words w0, w1, … of ids 0, 1, …, so that ids can be written as a text.
json numbered_words(std::int64_t count) {
  json vocabulary;
  for (std::int64_t i = 0; i < count; ++i) vocabulary[fmt::format("w{}", i)] = i;
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", json::array()},
          {"normalizer", nullptr},
          {"pre_tokenizer", {{"type", "WhitespaceSplit"}}},
          {"post_processor", nullptr},
          {"decoder", nullptr},
          {"model", {{"type", "WordLevel"}, {"vocab", vocabulary}, {"unk_token", "w0"}}}};
}

Example text_of(const Ids& ids) {
  Example example;
  for (const std::int32_t id : ids) example.text_a += fmt::format(" w{}", id);
  return example;
}

class GeneratorTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    golden_ = kParity / GetParam();
    load(read_json(golden_ / "config.json"));
  }

  void load(const json& config) {
    spill(folder_.path() / "words.json", numbered_words(200).dump());
    SyntheticOptions options;
    options.lm_head = true;
    options.tokenizer = folder_.path() / "words.json";
    const Status written = write_synthetic_model(folder_.path() / "base", config, options);
    ASSERT_TRUE(written) << written.error().message;
    auto loaded = Model::load(folder_.path() / "base");
    ASSERT_TRUE(loaded) << loaded.error().message;
    model_.emplace(std::move(*loaded));
  }

  /// PEFT's folder of a language model's prompt, of the rows that the case's classifier has.
  fs::path language_model_prompt() const {
    const fs::path folder = folder_.path() / "prompt";
    fs::create_directories(folder);
    json config = read_json(golden_ / "adapter/adapter_config.json");
    config["task_type"] = "CAUSAL_LM";
    spill(folder / "adapter_config.json", config.dump());
    fs::copy_file(golden_ / "adapter/adapter_model.safetensors", folder / "adapter_model.safetensors",
                  fs::copy_options::overwrite_existing);
    return folder;
  }

  Generator make(const PromptSource& source = {}) const {
    auto made = Generator::create(*model_, source);
    EXPECT_TRUE(made) << made.error().message;
    return std::move(*made);
  }
  Generation generate(Generator& generator, const Ids& ids, const GenerateOptions& options = {}) const {
    auto made = generator.generate(text_of(ids), options);
    EXPECT_TRUE(made) << made.error().message;
    return made ? std::move(*made) : Generation();
  }
  std::string failure(const PromptSource& source) const {
    const auto made = Generator::create(*model_, source);
    return made ? "accepted" : made.error().message;
  }

  TestFolder folder_;
  fs::path golden_;
  std::optional<Model> model_;
};

INSTANTIATE_TEST_SUITE_P(Models, GeneratorTest, testing::Values("gpt2", "llama"),
                         [](const auto& model) { return model.param; });

TEST_P(GeneratorTest, MakesGreedilyWhatTransformersMakes) {
  const json golden = read_json(golden_ / "generate.json");
  PromptSource prompt, classifier;
  prompt.adapter = language_model_prompt();
  classifier.adapter = golden_ / "adapter";
  for (const auto& [name, source] :
       {std::pair("plain", PromptSource()), {"prompt", prompt}, {"prompt", classifier}}) {
    Generator generator = make(source);
    for (const json& example : golden[name]) {
      const Generation made = generate(generator, example["input_ids"].get<Ids>());
      EXPECT_EQ(made.ids, example["ids"].get<Ids>()) << name;
      EXPECT_EQ(made.end, made.ids.size() < 64 ? Generation::End::end_token : Generation::End::length);
    }
  }
}

TEST_P(GeneratorTest, TextAndPiecesAreThoseOfTheIds) {
  Generator generator = make();
  std::string pieces;
  GenerateOptions options;
  options.max_new_tokens = 5;
  const auto made = generator.generate(text_of({20, 21, 22}), options, [&](std::string_view piece) {
    pieces += piece;
    return true;
  });
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->ids.size(), 5u);
  EXPECT_EQ(made->text, text_of(made->ids).text_a);
  EXPECT_EQ(pieces, made->text);
  EXPECT_EQ(made->prompt_tokens, 3);
  EXPECT_EQ(made->truncated, 0);
}

TEST_P(GeneratorTest, EndsWhereItIsTold) {
  Generator generator = make();
  const Ids start = read_json(golden_ / "generate.json")["plain"][0]["input_ids"];
  const Generation whole = generate(generator, start);
  std::size_t change = 2;
  while (whole.ids[change] == whole.ids[change - 1]) ++change;
  const std::string stop = fmt::format("w{} w{}", whole.ids[change - 1], whole.ids[change]);
  GenerateOptions options;
  options.stop = {"never", stop};
  const Generation stopped = generate(generator, start, options);
  EXPECT_EQ(stopped.end, Generation::End::stop);
  EXPECT_EQ(stopped.text, whole.text.substr(0, whole.text.find(stop)));
  EXPECT_EQ(stopped.ids, Ids(whole.ids.begin(), whole.ids.begin() + static_cast<std::ptrdiff_t>(change) + 1));
  int calls = 0;
  const auto left =
      generator.generate(text_of({20, 21, 22}), {}, [&](std::string_view) { return ++calls < 2; });
  EXPECT_EQ(left->end, Generation::End::consumer);
  EXPECT_EQ(left->ids.size(), 2u);
}

TEST_P(GeneratorTest, EndTokensOfGenerationConfigComeFirst) {
  Generator before = make();
  const Generation whole = generate(before, {20, 21, 22});
  const std::int32_t end = whole.ids[3];
  const auto first = std::find(whole.ids.begin(), whole.ids.end(), end);
  spill(folder_.path() / "base/generation_config.json", json{{"eos_token_id", {end, 100000}}}.dump());
  auto loaded = Model::load(folder_.path() / "base");
  ASSERT_TRUE(loaded) << loaded.error().message;
  model_.emplace(std::move(*loaded));
  EXPECT_EQ(model_->info().end_tokens, Ids{end});
  Generator after = make();
  const Generation made = generate(after, {20, 21, 22});
  EXPECT_EQ(made.ids, Ids(whole.ids.begin(), first + 1));
  EXPECT_EQ(made.end, Generation::End::end_token);
}

TEST_P(GeneratorTest, DrawsBySeed) {
  Generator generator = make();
  const auto draw = [&](std::uint64_t seed) {
    GenerateOptions options;
    options.temperature = 1.5;
    options.top_p = 0.95;
    options.seed = seed;
    return generate(generator, {20, 21, 22}, options).ids;
  };
  const Ids first = draw(1);
  EXPECT_EQ(draw(1), first);
  EXPECT_NE(draw(2), first);
}

TEST_P(GeneratorTest, StopsWhereThePositionsEnd) {
  json config = read_json(golden_ / "config.json");
  config[GetParam() == "gpt2" ? "n_positions" : "max_position_embeddings"] = 10;
  load(config);
  Generator generator = make();
  const Generation made = generate(generator, {20, 21, 22, 23});
  EXPECT_EQ(made.end, Generation::End::positions);
  EXPECT_EQ(made.ids.size(), 7u);  // the last one is made of ten and not read again
  const Generation cut = generate(generator, Ids(12, 20));
  EXPECT_EQ(cut.truncated, 2);
  EXPECT_EQ(cut.ids.size(), 1u);
}

TEST_P(GeneratorTest, ATemplateIsFilledIn) {
  PromptSource source;
  source.template_text = "w5 w6 {text_a} w7 {mask}";
  Generator with = make(source), plain = make();
  EXPECT_EQ(generate(with, {20, 21}).ids, generate(plain, {5, 6, 20, 21, 7}).ids);
  EXPECT_EQ(generate(with, {20, 21}).prompt_tokens, 5);
}

TEST_P(GeneratorTest, AChatStandsInTheModelsTemplate) {
  PromptSource source;
  source.chat = true;
  EXPECT_NE(failure(source).find("has no chat template"), std::string::npos) << failure(source);
  const fs::path base = folder_.path() / "base";
  spill(base / "tokenizer_config.json",
        json{{"bos_token", {{"content", "w4"}}},
             {"chat_template", "{{ bos_token }} {{ messages[0].content }} w8"}}
            .dump());
  Generator plain = make(), chat = make(source);
  EXPECT_EQ(generate(chat, {20, 21}).ids, generate(plain, {4, 20, 21, 8}).ids);
  spill(base / "chat_template.jinja", "{% for m in messages %}{{ m.content }} w9 {% endfor %}");
  source.system = "w30";
  Generator with_system = make(source);
  EXPECT_EQ(generate(with_system, {20}).ids, generate(plain, {30, 9, 20, 9}).ids);
  source.adapter = language_model_prompt();
  Generator behind = make(source);
  source.chat = false;
  Generator prompt = make(source);
  EXPECT_EQ(generate(behind, {20}).ids, generate(prompt, {30, 9, 20, 9}).ids);
  spill(base / "chat_template.jinja", "{{ raise_exception('not so') }}");
  source.chat = true;
  Generator refuses = make(source);
  EXPECT_NE(refuses.generate(text_of({20}), {})
                .error()
                .message.find("base: chat template: invalid operation: it "
                              "refuses this chat: not so"),
            std::string::npos);
  source.adapter.clear();
  source.template_text = "w1 {text_a}";
  EXPECT_NE(failure(source).find("cannot both stand"), std::string::npos) << failure(source);
}

/// Late prompts join behind the embeddings and have no positions: the text's own go on where it ended.
TEST_P(GeneratorTest, LatePromptsAreKeptToo) {
  AdapterInfo info;
  info.method = Method::late;
  info.insert_layer = 1;
  info.num_virtual_tokens = 3;
  info.head_input = HeadInput::mean;
  info.labels = {"no", "yes"};
  auto adapter = Adapter::create(*model_, info, 1);
  ASSERT_TRUE(adapter) << adapter.error().message;
  ASSERT_TRUE(adapter->save(folder_.path() / "late"));
  PromptSource source;
  source.adapter = folder_.path() / "late";
  Generator generator = make(source);
  GenerateOptions options;
  options.max_new_tokens = 12;
  const Ids start = {20, 21, 22};
  const Ids made = generate(generator, start, options).ids;
  // One token at a time, each by a prompt of all that came before it.
  Ids so_far = start, one_by_one;
  options.max_new_tokens = 1;
  for (std::size_t i = 0; i < made.size(); ++i) {
    one_by_one.push_back(generate(generator, so_far, options).ids.front());
    so_far.push_back(one_by_one.back());
  }
  EXPECT_EQ(made, one_by_one);
}

TEST_P(GeneratorTest, RefusesWhatCannotBe) {
  PromptSource source;
  source.template_text = "{soft} {text_a}";
  EXPECT_NE(failure(source).find("virtual tokens, which only an adapter"), std::string::npos)
      << failure(source);
  source.template_text = "{text_a}";
  source.adapter = golden_ / "adapter";
  EXPECT_NE(failure(source).find("an adapter has its own template"), std::string::npos) << failure(source);
  Generator generator = make();
  const auto refused = [&](const GenerateOptions& options) {
    const auto made = generator.generate(text_of({20}), options);
    return made ? "accepted" : made.error().message;
  };
  GenerateOptions none, cold, wide, empty;
  none.max_new_tokens = 0;
  cold.temperature = -1;
  wide.top_p = 1.5;
  empty.stop = {""};
  EXPECT_NE(refused(none).find("max new tokens 0"), std::string::npos);
  EXPECT_NE(refused(cold).find("temperature -1"), std::string::npos);
  EXPECT_NE(refused(wide).find("top-p 1.5"), std::string::npos);
  EXPECT_NE(refused(empty).find("stop text is empty"), std::string::npos);
  EXPECT_NE(generator.generate(Example(), {}).error().message.find("without a single token"),
            std::string::npos);
  json encoder = tiny_config("bert");
  load(encoder);
  EXPECT_NE(failure({}).find("a causal model is needed"), std::string::npos) << failure({});
}

}  // namespace
}  // namespace incipit
