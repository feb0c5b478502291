#include "incipit/adapter.h"

#include <cstring>
#include <fstream>
#include <limits>

#include <gtest/gtest.h>

#include "base/file.h"
#include "formats/peft_adapter.h"
#include "prompt/prompt_method.h"
#include "score/scorer.h"
#include "support/synthetic_model.h"
#include "support/test_folder.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

const fs::path kGolden = fs::path(INCIPIT_SOURCE_DIR) / "tests/golden";

class AdapterTest : public testing::Test {
 protected:
  void SetUp() override { model_.emplace(load("bert", "base")); }

  Model load(const char* type, const char* name, std::int64_t hidden = 48) {
    nlohmann::json config = tiny_config(type);
    config["vocab_size"] = 600;
    config["hidden_size"] = hidden;
    if (std::string_view(type) == "distilbert") config["dim"] = hidden;
    SyntheticOptions options;
    options.tokenizer = kGolden / "tokenizers/bert/tokenizer.json";
    EXPECT_TRUE(write_synthetic_model(folder_.path() / name, config, options));
    auto model = Model::load(folder_.path() / name);
    EXPECT_TRUE(model) << model.error().message;
    return std::move(*model);
  }

  static AdapterInfo info(Method method, HeadInput input) {
    AdapterInfo result;
    result.method = method;
    result.head_input = input;
    result.num_virtual_tokens = method == Method::head ? 0 : 5;
    result.insert_layer = method == Method::late ? 2 : 0;
    result.max_length = 40;
    result.labels = {"bad", "so so", "很好"};
    return result;
  }

  /// An adapter with values that tell their places.
  Adapter make(Method method, HeadInput input) {
    Adapter adapter = *Adapter::create(*model_, info(method, input), 3);
    float next = 0.125f;
    for (Parameter* parameter : adapter.prompt().parameters())
      for (float& value : parameter->value.values()) value = (next += 0.25f);
    return adapter;
  }

  std::string load_failure(const fs::path& folder, const Model& model) {
    const auto adapter = Adapter::load(folder, model);
    return adapter ? "loaded" : adapter.error().message;
  }

  TestFolder folder_;
  std::optional<Model> model_;
};

TEST_F(AdapterTest, KeepsItsTemplate) {
  AdapterInfo wanted = info(Method::prompt, HeadInput::mask);
  wanted.template_text = R"({soft} {text_a} {"soft":"a b"} {mask})";
  Adapter adapter = *Adapter::create(*model_, wanted, 3);
  EXPECT_EQ(adapter.info().num_virtual_tokens, 3) << "the template's own";
  ASSERT_TRUE(adapter.save(folder_.path() / "templated"));
  const auto back = Adapter::load(folder_.path() / "templated", *model_);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->info().template_text, wanted.template_text);
  EXPECT_EQ(back->info().peft_type, "INCIPIT") << "PEFT would read another input";
  EXPECT_EQ(back->input_template().rows(), 3);

  wanted.template_text = "{text_a} a";
  const auto no_blank = Adapter::create(*model_, wanted, 3);
  ASSERT_FALSE(no_blank);
  EXPECT_NE(no_blank.error().message.find("no {mask}"), std::string::npos);
  wanted.head_input = HeadInput::first;
  EXPECT_EQ(Adapter::create(*model_, wanted, 3)->info().peft_type, "INCIPIT");
  wanted.max_length = 3;
  EXPECT_FALSE(Adapter::create(*model_, wanted, 3)) << "[CLS] a [SEP] is all that fits, not a text";
}

TEST_F(AdapterTest, KeepsItsPreparation) {
  AdapterInfo wanted = info(Method::prompt, HeadInput::first);
  wanted.preparation = {Preparation::Kind::movie_review_index0, "the \"rock\""};
  const fs::path saved = folder_.path() / "prepared";
  ASSERT_TRUE(Adapter::create(*model_, wanted, 3)->save(saved));
  const auto back = Adapter::load(saved, *model_);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->info().preparation, wanted.preparation);
  EXPECT_EQ(back->info().peft_type, "PROMPT_TUNING") << "of prepared texts PEFT computes the same";

  std::string own = *read_file(saved / "incipit.json", 1 << 20);
  own.replace(own.find("movie-review-index0"), 5, "novel");
  ASSERT_TRUE(write_file(saved / "incipit.json", own));
  EXPECT_NE(load_failure(saved, *model_).find("incipit.json: preparation must be one of none, "),
            std::string::npos);
}

TEST_F(AdapterTest, ComesBackAsItWasSaved) {
  for (const Method method : {Method::head, Method::prompt, Method::late})
    for (const HeadInput input : {HeadInput::first, HeadInput::cls, HeadInput::mean}) {
      SCOPED_TRACE(fmt::format("{} {}", name_of(method), name_of(input)));
      Adapter adapter = make(method, input);
      adapter.set_provenance({{"data", "some \"file\""}}, {7, 3, 5});
      const fs::path saved = folder_.path() / "saved";
      fs::remove_all(saved);
      ASSERT_TRUE(adapter.save(saved));
      const auto back = Adapter::load(saved, *model_);
      ASSERT_TRUE(back) << back.error().message;
      EXPECT_EQ(back->info().method, method);
      EXPECT_EQ(back->info().head_input, input);
      EXPECT_EQ(back->info().insert_layer, adapter.info().insert_layer);
      EXPECT_EQ(back->info().max_length, 40);
      EXPECT_EQ(back->info().labels, adapter.info().labels);
      EXPECT_EQ(back->info().provenance, adapter.info().provenance);
      EXPECT_EQ(back->info().training_texts, (std::vector<std::uint64_t>{3, 5, 7}));
      const bool peft_can = method == Method::prompt && input == HeadInput::first;
      EXPECT_EQ(back->info().peft_type, peft_can ? "PROMPT_TUNING" : "INCIPIT");
      const auto file = read_adapter_folder(saved);
      EXPECT_EQ(file->tensors.contains("prompt_embeddings"), peft_can) << "PEFT would load it wrongly";
      const auto same = [](const std::vector<const Parameter*>& a, const std::vector<const Parameter*>& b) {
        ASSERT_EQ(a.size(), b.size());
        for (std::size_t i = 0; i < a.size(); ++i)
          EXPECT_TRUE(std::equal(a[i]->value.values().begin(), a[i]->value.values().end(),
                                 b[i]->value.values().begin()));
      };
      same(std::as_const(adapter).prompt().parameters(), std::as_const(*back).prompt().parameters());
      same(std::as_const(adapter).scorer().parameters(), std::as_const(*back).scorer().parameters());
    }
}

TEST_F(AdapterTest, MovementIsSavedAndMustFit) {
  for (const Method method : {Method::prompt, Method::late}) {
    Adapter adapter = make(method, HeadInput::first);
    EXPECT_TRUE(adapter.info().movement.empty());
    adapter.add_movement({0.1, 0.2, 0.3, 0.4, 0.5});
    adapter.add_movement({1.0 / 3, 0, 2, 3, 4});
    const fs::path saved = folder_.path() / "saved";
    ASSERT_TRUE(adapter.save(saved));
    const auto back = Adapter::load(saved, *model_);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->info().movement, adapter.info().movement);
    adapter.add_movement({1, 2});
    ASSERT_TRUE(adapter.save(saved));
    EXPECT_NE(load_failure(saved, *model_).find("movement of 2 virtual tokens, the adapter has 5"),
              std::string::npos)
        << load_failure(saved, *model_);
  }
}

TEST_F(AdapterTest, OfACausalModelReadsTheLastRow) {
  model_.emplace(load("llama", "llama"));
  for (const HeadInput input : {HeadInput::first, HeadInput::cls}) {
    const auto refused = Adapter::create(*model_, info(Method::prompt, input), 3);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("last and mean do"), std::string::npos);
  }
  for (const Method method : {Method::head, Method::prompt, Method::late})
    for (const HeadInput input : {HeadInput::last, HeadInput::mean}) {
      SCOPED_TRACE(fmt::format("{} {}", name_of(method), name_of(input)));
      const Adapter adapter = make(method, input);
      const fs::path saved = folder_.path() / "saved";
      fs::remove_all(saved);
      ASSERT_TRUE(adapter.save(saved));
      const auto file = read_adapter_folder(saved);
      ASSERT_TRUE(file) << file.error().message;
      const bool peft_can = method == Method::prompt && input == HeadInput::last;
      EXPECT_EQ(file->config.peft_type, peft_can ? "PROMPT_TUNING" : "INCIPIT");
      ASSERT_TRUE(file->tensors.contains("base_model.score.weight"));
      EXPECT_FALSE(file->tensors.contains("base_model.score.bias")) << "the head has none";
      EXPECT_EQ(file->tensors.at("base_model.score.weight").shape, (std::vector<std::int64_t>{3, 48}));
      if (peft_can) fs::remove(saved / "incipit.json");  // as PEFT would have written it
      const auto back = Adapter::load(saved, *model_);
      ASSERT_TRUE(back) << back.error().message;
      EXPECT_EQ(back->info().head_input, input);
      EXPECT_EQ(back->head_parameters(), 3 * 48);
    }
}

TEST_F(AdapterTest, ReadsTheLastRowOfCausalModelsOnly) {
  const auto refused = Adapter::create(*model_, info(Method::prompt, HeadInput::last), 3);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("is for causal models"), std::string::npos);
}

TEST_F(AdapterTest, SavingTwiceGivesTheSameBytes) {
  const Adapter adapter = make(Method::prompt, HeadInput::first);
  std::vector<std::string> bytes;
  for (const char* name : {"one", "two"}) {
    ASSERT_TRUE(adapter.save(folder_.path() / name));
    bytes.push_back(*read_file(folder_.path() / name / "adapter_model.safetensors") +
                    *read_file(folder_.path() / name / "adapter_config.json"));
  }
  EXPECT_EQ(bytes[0], bytes[1]);
}

TEST_F(AdapterTest, RefusesAnotherBaseUnlessForced) {
  ASSERT_TRUE(make(Method::prompt, HeadInput::first).save(folder_.path() / "saved"));
  nlohmann::json config = tiny_config("bert");
  config["vocab_size"] = 600;
  config["layer_norm_eps"] = 1e-6;  // the same shapes
  SyntheticOptions options;
  options.tokenizer = kGolden / "tokenizers/bert/tokenizer.json";
  ASSERT_TRUE(write_synthetic_model(folder_.path() / "other", config, options));
  const Model other = *Model::load(folder_.path() / "other");
  EXPECT_NE(load_failure(folder_.path() / "saved", other).find("trained on another base"), std::string::npos);
  EXPECT_TRUE(Adapter::load(folder_.path() / "saved", other, true));
  const Model wider = load("bert", "wider", 64);
  const auto forced = Adapter::load(folder_.path() / "saved", wider, true);
  ASSERT_FALSE(forced);
  EXPECT_NE(forced.error().message.find("prompt_embeddings is [5, 48]"), std::string::npos)
      << forced.error().message;
}

TEST_F(AdapterTest, RefusesAnotherArchitecturesHead) {
  fs::path saved = folder_.path() / "saved";
  ASSERT_TRUE(make(Method::prompt, HeadInput::first).save(saved));
  fs::remove(saved / "incipit.json");  // as PEFT would have written it
  EXPECT_EQ(load_failure(saved, *model_), "loaded");
  const Model roberta = load("roberta", "roberta");
  EXPECT_NE(load_failure(saved, roberta).find("classifier.out_proj.weight is missing"), std::string::npos);
}

TEST_F(AdapterTest, RefusesWhatDoesNotFitTheModel) {
  const auto failure = [&](AdapterInfo wanted) {
    const auto adapter = Adapter::create(*model_, std::move(wanted), 0);
    return adapter ? std::string("created") : adapter.error().message;
  };
  AdapterInfo one_label = info(Method::prompt, HeadInput::first);
  one_label.labels = {"only"};
  EXPECT_NE(failure(one_label).find("at least 2 labels"), std::string::npos);
  AdapterInfo too_long = info(Method::prompt, HeadInput::first);
  too_long.max_length = 508;
  EXPECT_NE(failure(too_long).find("between 3 and 507"), std::string::npos) << failure(too_long);
  AdapterInfo head = info(Method::head, HeadInput::cls);
  head.num_virtual_tokens = 2;
  EXPECT_NE(failure(head).find("hard and head have none"), std::string::npos);
}

TEST_F(AdapterTest, DamagedFilesAreNamed) {
  const fs::path saved = folder_.path() / "saved";
  const auto with = [&](const char* name, const std::string& content) {
    fs::remove_all(saved);
    EXPECT_TRUE(make(Method::late, HeadInput::mean).save(saved));
    std::ofstream(saved / name, std::ios::binary) << content;
    const std::string message = load_failure(saved, *model_);
    EXPECT_NE(message.find("saved"), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    return message;
  };
  EXPECT_NE(with("incipit.json", "{").find("incipit.json"), std::string::npos);
  EXPECT_NE(with("incipit.json", "[]").find("incipit.json"), std::string::npos);
  EXPECT_NE(with("incipit.json", R"({"format_version": 9})").find("format_version 9"), std::string::npos);
  EXPECT_NE(with("adapter_config.json", "").find("adapter_config.json"), std::string::npos);
  EXPECT_NE(with("adapter_config.json", R"({"peft_type": "LORA"})").find("LORA"), std::string::npos);
  EXPECT_NE(with("adapter_model.safetensors", "12345678").find("adapter_model.safetensors"),
            std::string::npos);
  EXPECT_NE(load_failure(folder_.path() / "nowhere", *model_).find("nowhere"), std::string::npos);
}

TEST_F(AdapterTest, FailedSaveLeavesNothing) {
  std::ofstream(folder_.path() / "file") << "x";
  EXPECT_FALSE(make(Method::prompt, HeadInput::first).save(folder_.path() / "file"));
  EXPECT_FALSE(make(Method::prompt, HeadInput::first).save(folder_.path() / "file" / "below"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), {}), 2) << "the model and the file";
}

}  // namespace
}  // namespace incipit
