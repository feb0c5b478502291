// The engine against transformers + PEFT: golden values made by tests/golden/make_parity_golden.py.
#include <cmath>
#include <fstream>
#include <map>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "backbone/backbone.h"
#include "formats/peft_adapter.h"
#include "formats/safetensors.h"
#include "infer/features.h"
#include "prompt/prompt_method.h"
#include "score/lm_head.h"
#include "score/scorer.h"
#include "support/synthetic_model.h"
#include "support/test_folder.h"
#include "tune/schedule.h"
#include "tune/trainer.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const fs::path kGolden = fs::path(INCIPIT_SOURCE_DIR) / "tests/golden";

/// Any tokenizer whose ids the model has: the golden examples are ids already.
/// Every id has a word: w0, w1, …, parted by blanks.
std::string tokenizer_json(std::int64_t vocab_size) {
  json vocabulary;
  for (std::int64_t id = 0; id < vocab_size; ++id) vocabulary[fmt::format("w{}", id)] = id;
  return json({{"version", "1.0"},
               {"truncation", nullptr},
               {"padding", nullptr},
               {"added_tokens", json::array()},
               {"normalizer", nullptr},
               {"pre_tokenizer", {{"type", "WhitespaceSplit"}}},
               {"post_processor", nullptr},
               {"decoder", nullptr},
               {"model", {{"type", "WordLevel"}, {"vocab", vocabulary}, {"unk_token", "w0"}}}})
      .dump();
}

json read_json(const fs::path& path) {
  std::ifstream stream(path);
  return json::parse(stream);
}

/// |actual - expected| <= tolerance * scale, naming the worst element.
void expect_close(std::span<const float> actual, std::span<const float> expected, double tolerance,
                  double at_least, const std::string& what) {
  ASSERT_EQ(actual.size(), expected.size()) << what;
  double largest = at_least, worst = 0;
  std::size_t worst_at = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
    const double difference = std::abs(static_cast<double>(actual[i]) - expected[i]);
    if (!(difference <= worst)) {
      worst = difference;
      worst_at = i;
    }
  }
  EXPECT_LE(worst, tolerance * largest)
      << what << ": element " << worst_at << " is " << actual[worst_at] << ", expected " << expected[worst_at]
      << " (largest " << largest << ")";
}

class Parity : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    case_ = kGolden / "parity" / GetParam();
    expected_ = read_json(case_ / "expected.json");
    tokenizer_ = folder_.path() / "tokenizer.json";
    const json config = read_json(case_ / "config.json");
    std::ofstream(tokenizer_) << tokenizer_json(config.at("vocab_size").get<std::int64_t>());
    SyntheticOptions options;
    options.tokenizer = tokenizer_;
    options.lm_head = true;
    const Status written = write_synthetic_model(folder_.path() / "base", config, options);
    ASSERT_TRUE(written) << written.error().message;
    auto loaded = Model::load(folder_.path() / "base");
    ASSERT_TRUE(loaded) << loaded.error().message;
    model_.emplace(std::move(*loaded));
    for (const json& example : expected_["examples"]) {
      labels_.push_back(example["label"]);
      Encoding encoding;
      encoding.ids = example["input_ids"].get<std::vector<std::int32_t>>();
      encoding.type_ids.assign(encoding.ids.size(), 0);
      if (!example["token_type_ids"].is_null())
        encoding.type_ids = example["token_type_ids"].get<std::vector<std::int8_t>>();
      encodings_.push_back(std::move(encoding));
    }
  }

  Adapter load_adapter(const char* name) {
    auto adapter = Adapter::load(case_ / name, *model_);
    EXPECT_TRUE(adapter) << adapter.error().message;
    return std::move(*adapter);
  }

  std::vector<TemplatedExample> arrange(const Adapter& adapter) const {
    std::vector<TemplatedExample> examples;
    for (const Encoding& encoding : encodings_)
      examples.push_back(adapter.input_template().arrange(encoding, model_->backbone().spec().positions));
    return examples;
  }

  /// Logits of every example, through micro-batches of about `max_tokens`.
  std::vector<float> logits(const Adapter& adapter, std::int64_t max_tokens) const {
    PackedRun run(model_->backbone());
    Matrix vectors;
    const Status status = run_features(run, adapter, arrange(adapter), max_tokens, nullptr, vectors);
    EXPECT_TRUE(status) << status.error().message;
    std::vector<float> all;
    for (const Prediction& prediction : predict_from_features(adapter, vectors))
      all.insert(all.end(), prediction.logits.begin(), prediction.logits.end());
    return all;
  }

  static std::vector<float> flatten(const json& rows) {
    std::vector<float> all;
    for (const json& row : rows)
      for (const json& value : row) all.push_back(value);
    return all;
  }

  /// Every gradient of the adapter against the tensors PREFIX.NAME of a golden file.
  static void expect_gradients(Adapter& adapter, const TensorStore& golden, const std::string& prefix) {
    std::vector<std::pair<std::string, Parameter*>> parameters;
    for (Parameter* parameter : adapter.prompt().parameters())
      parameters.emplace_back("prompt_embeddings", parameter);
    for (Parameter* parameter : adapter.scorer().parameters())
      parameters.emplace_back("base_model." + parameter->name, parameter);
    for (const auto& [name, parameter] : parameters) {
      const StoredTensor* stored = golden.find(prefix + name);
      ASSERT_NE(stored, nullptr) << prefix << name;
      std::vector<float> values(static_cast<std::size_t>(stored->element_count()));
      convert_to_f32(stored->dtype, stored->bytes.data(), values);
      expect_close(std::as_const(parameter->gradient).values(), values, 1e-4, 0.0, prefix + name);
    }
  }

  static std::vector<std::size_t> first_rows(std::size_t count) {
    std::vector<std::size_t> rows(count);
    for (std::size_t i = 0; i < count; ++i) rows[i] = i;
    return rows;
  }

  TestFolder folder_;
  fs::path case_, tokenizer_;
  json expected_;
  std::optional<Model> model_;
  std::vector<Encoding> encodings_;
  std::vector<int> labels_;
};

INSTANTIATE_TEST_SUITE_P(Models, Parity,
                         testing::Values("bert", "roberta", "xlm-roberta", "camembert", "distilbert",
                                         "roberta-long", "gpt2", "llama", "mistral", "qwen2"),
                         [](const auto& model) {
                           std::string name = model.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST_P(Parity, HiddenStatesOfEveryLayer) {
  const auto golden = TensorStore::open(case_ / "plain.safetensors");
  ASSERT_TRUE(golden) << golden.error().message;
  const Backbone& backbone = model_->backbone();
  const auto pass = backbone.new_pass();
  for (const std::size_t e : expected_["plain"]["hidden_examples"].get<std::vector<std::size_t>>()) {
    const TemplatedExample example = Template(0, 0).arrange(encodings_[e], backbone.spec().positions);
    PackedBatch batch{example.token, example.position,         example.token_type,
                      example.entry, {{0, example.size(), 0}}, {}};
    for (std::int64_t layer = 0; layer <= backbone.spec().num_layers; ++layer) {
      const std::string name = fmt::format("hidden.{}.{}", e, layer);
      const auto expected = golden->matrix(name, example.size(), backbone.spec().hidden_size);
      ASSERT_TRUE(expected) << expected.error().message;
      Matrix hidden;
      const Status status = backbone.hidden_states(batch, {}, layer, *pass, hidden);
      ASSERT_TRUE(status) << status.error().message;
      expect_close(std::as_const(hidden).values(), expected->values(), 1e-4, 1.0, name);
    }
  }
}

TEST_P(Parity, PlainClassifier) {
  AdapterInfo info;
  info.method = Method::head;
  info.head_input = model_->backbone().spec().is_causal ? HeadInput::last : HeadInput::cls;
  info.labels = model_->info().labels;
  const auto adapter = Adapter::create(*model_, info, 0);
  ASSERT_TRUE(adapter) << adapter.error().message;
  expect_close(logits(*adapter, 1024), flatten(expected_["plain"]["logits"]), 1e-4, 1.0, "logits");
}

TEST_P(Parity, LogitsOfPeftsAdapters) {
  const std::vector<float> golden = flatten(expected_["peft"]["logits"]);
  const std::vector<float> whole = logits(load_adapter("adapter"), 100000);
  expect_close(whole, golden, 1e-4, 1.0, "logits");
  for (const std::int64_t max_tokens : {1, 50, 333})
    expect_close(logits(load_adapter("adapter"), max_tokens), whole, 1e-5, 0.0, "micro-batches");
  expect_close(logits(load_adapter("adapter_after"), 1024), flatten(expected_["peft"]["logits_after"]), 1e-4,
               1.0, "after");
}

TEST_P(Parity, CountsParametersAsPeft) {
  const Adapter adapter = load_adapter("adapter");
  const std::int64_t trained = adapter.prompt_parameters() + adapter.head_parameters();
  EXPECT_EQ(trained, expected_["peft"]["trainable_parameters"].get<std::int64_t>());
  EXPECT_EQ(model_->info().backbone_parameters + adapter.head_parameters() + trained,
            expected_["peft"]["all_parameters"].get<std::int64_t>());
}

TEST_P(Parity, GradientsOfPeftsAdapter) {
  const auto golden = TensorStore::open(case_ / "peft.safetensors");
  ASSERT_TRUE(golden) << golden.error().message;
  for (const bool weighted : {false, true}) {
    if (weighted && golden->find("weighted_grad.prompt_embeddings") == nullptr) continue;
    const std::vector<double> weights =
        weighted ? expected_["peft"]["class_weights"].get<std::vector<double>>() : std::vector<double>();
    for (const std::int64_t max_tokens : {100000, 60}) {
      Adapter adapter = load_adapter("adapter");
      TrainOptions options;
      options.max_batch_tokens = max_tokens;
      Trainer trainer(*model_, adapter, options, weights);
      const auto loss = trainer.gradients(arrange(adapter), labels_, first_rows(8), 0);
      ASSERT_TRUE(loss) << loss.error().message;
      EXPECT_NEAR(*loss, expected_["peft"][weighted ? "weighted_loss" : "loss"].get<double>(), 1e-5);
      expect_gradients(adapter, *golden, weighted ? "weighted_grad." : "grad.");
    }
  }
}

TEST_P(Parity, ThirtyTrainingSteps) {
  Adapter adapter = load_adapter("adapter");
  TrainOptions options;
  options.learning_rate = 1e-3;
  options.weight_decay = 0.01;
  Trainer trainer(*model_, adapter, options, {});
  const std::vector<TemplatedExample> examples = arrange(adapter);
  for (std::size_t s = 0; s < 30; ++s) {
    std::vector<std::size_t> batch;
    for (std::size_t j = 0; j < 8; ++j) batch.push_back((8 * s + j) % 12);
    const auto loss = trainer.gradients(examples, labels_, batch, static_cast<std::int64_t>(s));
    ASSERT_TRUE(loss) << loss.error().message;
    EXPECT_NEAR(*loss, expected_["peft"]["losses"][s].get<double>(), 1e-4) << "step " << s;
    const double factor = schedule_factor(Schedule::linear, static_cast<std::int64_t>(s), 0.06 * 30, 30);
    EXPECT_NEAR(1e-3 * factor, expected_["peft"]["learning_rates"][s].get<double>(), 1e-9) << "step " << s;
    trainer.apply(factor);
  }
  Adapter after = load_adapter("adapter_after");
  const auto compare = [](const std::vector<Parameter*>& actual, const std::vector<Parameter*>& expected) {
    ASSERT_EQ(actual.size(), expected.size());
    for (std::size_t i = 0; i < actual.size(); ++i)
      for (std::int64_t v = 0; v < actual[i]->value.size(); ++v)
        ASSERT_NEAR(actual[i]->value.data()[v], expected[i]->value.data()[v], 1e-4)
            << actual[i]->name << " " << v;
  };
  compare(adapter.prompt().parameters(), after.prompt().parameters());
  compare(adapter.scorer().parameters(), after.scorer().parameters());
}

/// The log-probabilities of a language-model head behind a prompt, and the prompt's gradient through them.
TEST_P(Parity, LanguageModelHead) {
  if (!fs::exists(case_ / "lm.json")) GTEST_SKIP() << "a family's first case has it";
  const json golden = read_json(case_ / "lm.json");
  const auto tensors = TensorStore::open(case_ / "lm.safetensors");
  ASSERT_TRUE(tensors) << tensors.error().message;
  const auto head = model_->lm_head();
  ASSERT_TRUE(head) << head.error().message;
  const Adapter adapter = load_adapter("adapter");
  const std::vector<TemplatedExample> examples = arrange(adapter);
  const Backbone& backbone = model_->backbone();

  PackedBatch batch;
  std::vector<LmTarget> targets;
  std::vector<float> expected;
  for (std::size_t e = 0; e < golden["examples"].size(); ++e) {
    const TemplatedExample& example = examples[e];
    const json& wanted = golden["examples"][e];
    const std::int64_t first = batch.size();
    batch.sequences.push_back({first, example.size(), 0});
    batch.token.insert(batch.token.end(), example.token.begin(), example.token.end());
    batch.position.insert(batch.position.end(), example.position.begin(), example.position.end());
    batch.token_type.insert(batch.token_type.end(), example.token_type.begin(), example.token_type.end());
    batch.entry.insert(batch.entry.end(), example.entry.begin(), example.entry.end());
    for (std::size_t i = 0; i < wanted["rows"].size(); ++i) {
      targets.push_back({std::ssize(batch.read), wanted["words"][i]});
      batch.read.push_back(first + wanted["rows"][i].get<std::int64_t>());
      expected.push_back(wanted["log_probabilities"][i]);
    }
  }
  Matrix prompt(adapter.prompt().rows(), backbone.spec().hidden_size), rows;
  adapter.prompt().emit(prompt.view());
  const auto pass = backbone.new_pass();
  const Status status = backbone.forward(batch, {std::as_const(prompt).view(), {}}, {true, {}}, *pass, rows);
  ASSERT_TRUE(status) << status.error().message;
  LmHeadPass head_pass;
  std::vector<float> logs(targets.size());
  (*head)->log_probabilities(std::as_const(rows).view(), targets, head_pass, logs);
  expect_close(logs, expected, 1e-4, 1.0, "log-probabilities");

  const std::vector<float> d_logs(logs.size(), 1.0f / static_cast<float>(logs.size()));
  Matrix d_rows(rows.rows(), rows.cols()), gradient(prompt.rows(), prompt.cols());
  (*head)->log_probabilities_backward(targets, d_logs, head_pass, d_rows.view());
  backbone.backward(batch, *pass, std::as_const(d_rows).view(), gradient.view());
  const auto d_expected = tensors->matrix("grad.prompt_embeddings", prompt.rows(), prompt.cols());
  ASSERT_TRUE(d_expected) << d_expected.error().message;
  expect_close(std::as_const(gradient).values(), d_expected->values(), 1e-4, 0.0, "prompt's gradient");
}

/// PEFT's CAUSAL_LM prompt tuning with a label's word as the target.
TEST_P(Parity, WordsAsTargets) {
  if (!fs::exists(case_ / "words.json")) GTEST_SKIP() << "causal models have it";
  const json golden = read_json(case_ / "words.json");
  const auto tensors = TensorStore::open(case_ / "words.safetensors");
  ASSERT_TRUE(tensors) << tensors.error().message;
  const Adapter start = load_adapter("adapter");
  AdapterInfo info;
  info.labels = start.info().labels;
  info.num_virtual_tokens = start.info().num_virtual_tokens;
  info.template_text = "{text_a}";
  json verbalizer;
  for (std::size_t label = 0; label < info.labels.size(); ++label) {
    std::string word;
    for (const json& id : golden["words"][label])
      word += fmt::format("{}w{}", word.empty() ? "" : " ", id.get<int>());
    verbalizer[info.labels[label]] = word;
  }
  info.verbalizer = verbalizer.dump();
  auto made = Adapter::create(*model_, info, 0);
  ASSERT_TRUE(made) << made.error().message;
  Adapter& adapter = *made;
  Parameter& prompt = *adapter.prompt().parameters().front();
  std::copy_n(start.prompt().parameters().front()->value.data(), prompt.value.size(), prompt.value.data());

  std::vector<TemplatedExample> examples = arrange(adapter);
  for (TemplatedExample& example : examples) example.mask = example.size() - 1;
  PackedRun run(model_->backbone());
  Matrix features;
  ASSERT_TRUE(run_features(run, adapter, examples, 100, nullptr, features));
  std::vector<float> scores;
  for (const Prediction& prediction : predict_from_features(adapter, features))
    scores.insert(scores.end(), prediction.logits.begin(), prediction.logits.end());
  expect_close(scores, flatten(golden["scores"]), 1e-4, 1.0, "scores");

  TrainOptions options;
  options.max_batch_tokens = 200;
  Trainer trainer(*model_, adapter, options, {});
  for (std::size_t s = 0; s < 30; ++s) {
    std::vector<std::size_t> batch;
    for (std::size_t j = 0; j < 8; ++j) batch.push_back((8 * s + j) % 12);
    const auto loss = trainer.gradients(examples, labels_, batch, static_cast<std::int64_t>(s));
    ASSERT_TRUE(loss) << loss.error().message;
    EXPECT_NEAR(*loss, golden["losses"][s].get<double>(), 1e-4) << "step " << s;
    if (s == 0)
      expect_close(std::as_const(prompt.gradient).values(),
                   tensors->matrix("grad", prompt.value.rows(), prompt.value.cols())->values(), 1e-4, 0.0,
                   "gradient");
    trainer.apply(schedule_factor(Schedule::linear, static_cast<std::int64_t>(s), 0.06 * 30, 30));
  }
  const auto after = tensors->matrix("after", prompt.value.rows(), prompt.value.cols());
  ASSERT_TRUE(after);
  for (std::int64_t v = 0; v < prompt.value.size(); ++v)
    ASSERT_NEAR(prompt.value.data()[v], after->data()[v], 1e-4) << v;
}

/// Every method, layer and head input, against plain torch.
TEST_P(Parity, Variants) {
  const auto golden = TensorStore::open(case_ / "variants.safetensors");
  ASSERT_TRUE(golden) << golden.error().message;
  Adapter start = load_adapter("adapter");
  for (const json& variant : expected_["variants"]) {
    const std::string name = variant["name"];
    SCOPED_TRACE(name);
    AdapterInfo info;
    info.method = *method_by_name(variant["method"].get<std::string>());
    info.head_input = *head_input_by_name(variant["head_input"].get<std::string>());
    info.insert_layer = variant["insert_layer"];
    info.num_virtual_tokens = info.method == Method::head ? 0 : start.info().num_virtual_tokens;
    info.labels = start.info().labels;
    auto adapter = Adapter::create(*model_, info, 0);
    ASSERT_TRUE(adapter) << adapter.error().message;
    const auto copy = [](const std::vector<Parameter*>& from, const std::vector<Parameter*>& to) {
      for (std::size_t i = 0; i < to.size(); ++i)
        std::copy_n(from[i]->value.data(), from[i]->value.size(), to[i]->value.data());
    };
    copy(start.prompt().parameters(), adapter->prompt().parameters());
    copy(start.scorer().parameters(), adapter->scorer().parameters());
    expect_close(logits(*adapter, 400), flatten(variant["logits"]), 1e-4, 1.0, "logits");

    Trainer trainer(*model_, *adapter, TrainOptions{}, {});
    const auto loss = trainer.gradients(arrange(*adapter), labels_, first_rows(8), 0);
    ASSERT_TRUE(loss) << loss.error().message;
    EXPECT_NEAR(*loss, variant["loss"].get<double>(), 1e-5);
    expect_gradients(*adapter, *golden, name + ".grad.");
  }
}

}  // namespace
}  // namespace incipit
