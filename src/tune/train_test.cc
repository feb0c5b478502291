#include "incipit/train.h"

#include <cmath>
#include <limits>
#include <utility>

#include <gtest/gtest.h>

#include "incipit/predict.h"

#include "backbone/backbone.h"
#include "base/file.h"
#include "base/rng.h"
#include "prompt/prompt_method.h"
#include "support/synthetic_model.h"
#include "support/test_folder.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

/// Remembers what it was told.
class Recorder : public TrainObserver {
 public:
  void on_start(const TrainStart& start) override {
    trainable_count = start.trainable;
    step_count = start.steps;
  }
  void on_step(const StepReport& report) override { steps.push_back(report); }
  void on_warning(const std::string& message) override { warnings.push_back(message); }
  bool stop_requested() override { return stop_after > 0 && std::ssize(steps) >= stop_after; }

  std::int64_t trainable_count = 0, step_count = 0;
  std::vector<StepReport> steps;
  std::vector<std::string> warnings;
  std::int64_t stop_after = 0;
};

/// Texts whose class shows in a word, on a small random model.
class TrainTest : public testing::Test {
 protected:
  void SetUp() override {
    nlohmann::json config = tiny_config("bert");
    config["vocab_size"] = 300;
    SyntheticOptions options;
    options.tokenizer = fs::path(INCIPIT_SOURCE_DIR) / "tests/golden/tokenizers/bert/tokenizer.json";
    options.classifier = false;
    ASSERT_TRUE(write_synthetic_model(folder_.path() / "base", config, options));
    auto loaded = Model::load(folder_.path() / "base");
    ASSERT_TRUE(loaded) << loaded.error().message;
    model_.emplace(std::move(*loaded));
  }

  static Dataset dataset(std::size_t count, std::uint64_t seed, bool shuffled_labels = false) {
    Dataset data;
    data.labels = {"no", "yes"};
    Rng rng(seed);
    for (std::size_t i = 0; i < count; ++i) {
      Example example;
      example.id = std::to_string(i);
      example.label = static_cast<int>(rng.below(2));
      const std::int64_t length = 1 + static_cast<std::int64_t>(rng.below(6));
      const std::int64_t place = static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(length)));
      for (std::int64_t w = 0; w < length; ++w) {
        const char letter = static_cast<char>('a' + rng.below(8));
        example.text_a += w == place ? (example.label == 1 ? "x y " : "z w ") : std::string(1, letter) + " ";
      }
      if (shuffled_labels) example.label = static_cast<int>(rng.below(2));
      data.examples.push_back(std::move(example));
    }
    return data;
  }

  static TrainOptions quick() {
    TrainOptions options;
    options.num_virtual_tokens = 4;
    options.learning_rate = 1e-2;
    options.epochs = 6;
    options.batch_size = 16;
    options.head_input = HeadInput::mean;
    return options;
  }

  TrainResult run(const TrainOptions& options, const Dataset& data, const Dataset* held_out) {
    auto result = train(*model_, data, held_out, options, recorder_);
    EXPECT_TRUE(result) << result.error().message;
    return std::move(*result);
  }

  std::string failure(const TrainOptions& options, const Dataset& data) {
    const auto result = train(*model_, data, nullptr, options, recorder_);
    return result ? "trained" : result.error().message;
  }

  /// Every file of a saved adapter, one after another.
  std::string bytes_of(const Adapter& adapter) {
    const fs::path folder = folder_.path() / "saved";
    fs::remove_all(folder);
    EXPECT_TRUE(adapter.save(folder));
    std::string all;
    for (const char* name : {"adapter_config.json", "adapter_model.safetensors", "incipit.json"})
      all += *read_file(folder / name);
    return all;
  }

  std::string tensor_bytes(const Adapter& adapter) {
    bytes_of(adapter);
    return *read_file(folder_.path() / "saved/adapter_model.safetensors");
  }

  /// The last epoch's movement is what the tensors say.
  static void expect_movement(const Adapter& start, const Adapter& end) {
    const Matrix& from = start.prompt().parameters().front()->value;
    const Matrix& to = end.prompt().parameters().front()->value;
    for (std::int64_t i = 0; i < to.rows(); ++i) {
      double sum = 0;
      for (std::int64_t j = 0; j < to.cols(); ++j) {
        const double step = static_cast<double>(to.row(i)[j]) - static_cast<double>(from.row(i)[j]);
        sum += step * step;
      }
      EXPECT_NEAR(end.info().movement.back()[static_cast<std::size_t>(i)], std::sqrt(sum), 1e-9);
    }
  }

  TestFolder folder_;
  std::optional<Model> model_;
  Recorder recorder_;
};

class Methods : public TrainTest, public testing::WithParamInterface<Method> {};
INSTANTIATE_TEST_SUITE_P(All, Methods, testing::Values(Method::head, Method::prompt, Method::late),
                         [](const auto& method) { return std::string(name_of(method.param)); });

TEST_P(Methods, LearnsAndKeepsTheBest) {
  const Dataset data = dataset(256, 1), held_out = dataset(200, 2);
  TrainOptions options = quick();
  options.method = GetParam();
  const TrainResult result = run(options, data, &held_out);
  ASSERT_EQ(result.epochs.size(), 6u);
  double best = 0;
  for (const EpochReport& epoch : result.epochs) best = std::max(best, epoch.eval->accuracy);
  EXPECT_EQ(result.epochs[static_cast<std::size_t>(result.best_epoch)].eval->accuracy, best);
  EXPECT_GT(best, 0.8);
  Predictor predictor(*model_, result.adapter, {});
  const auto predictions = predictor.predict(held_out.examples);
  ASSERT_TRUE(predictions);
  EXPECT_EQ(evaluate_predictions(held_out.examples, *predictions, 2).accuracy, best)
      << "not the best epoch's adapter";
}

TEST_P(Methods, SameSeedSameBytes) {
  const Dataset data = dataset(64, 1), held_out = dataset(32, 2);
  TrainOptions options = quick();
  options.method = GetParam();
  options.epochs = 2;
  options.dropout = true;
  const std::string first = bytes_of(run(options, data, &held_out).adapter);
  EXPECT_EQ(first, bytes_of(run(options, data, &held_out).adapter));
  options.seed = 1;
  EXPECT_NE(first, bytes_of(run(options, data, &held_out).adapter));
}

/// The cache of late prompts: the first run, a warm one, one after half of the file is gone, and one that
/// keeps nothing take the same steps.
TEST_F(TrainTest, CachedLowerLayersGiveTheSameBytes) {
  const Dataset data = dataset(96, 1), held_out = dataset(64, 2);
  for (const CacheType type : {CacheType::bf16, CacheType::f32})
    for (const bool dropout : {false, true}) {
      const fs::path folder = folder_.path() / fmt::format("{} {}", name_of(type), dropout);
      TrainOptions options = quick();
      options.method = Method::late;
      options.dropout = dropout;
      options.epochs = 3;
      options.max_batch_tokens = 60;
      options.activation_cache = {type, folder, std::int64_t{1} << 30};
      const TrainResult cold = run(options, data, &held_out);
      const std::string expected = bytes_of(cold.adapter);
      EXPECT_EQ(cold.cache_use->found + cold.cache_use->run, 3 * (96 + 64));
      EXPECT_LE(cold.cache_use->run, 96 + 64);
      const TrainResult warm = run(options, data, &held_out);
      EXPECT_EQ(warm.cache_use->run, 0);
      EXPECT_EQ(bytes_of(warm.adapter), expected);
      for (const auto& file : fs::directory_iterator(folder)) fs::resize_file(file, file.file_size() / 2);
      const TrainResult half = run(options, data, &held_out);
      EXPECT_GT(half.cache_use->run, 0);
      EXPECT_EQ(bytes_of(half.adapter), expected);
      options.activation_cache.folder.clear();
      EXPECT_EQ(bytes_of(run(options, data, &held_out).adapter), expected);
    }
}

TEST_F(TrainTest, AnExactCacheTrainsAsWithoutOne) {
  const Dataset data = dataset(96, 1);
  TrainOptions options = quick();
  options.method = Method::late;
  options.epochs = 2;
  EXPECT_FALSE(run(options, data, nullptr).cache_use);
  const std::vector<StepReport> plain = std::exchange(recorder_.steps, {});
  options.activation_cache = {CacheType::f32, folder_.path() / "cache", std::int64_t{1} << 30};
  run(options, data, nullptr);
  ASSERT_EQ(recorder_.steps.size(), plain.size());
  for (std::size_t s = 0; s < plain.size(); ++s)
    EXPECT_NEAR(recorder_.steps[s].loss, plain[s].loss, 1e-5) << s;
}

TEST_F(TrainTest, SoftTokensOfATemplateLearn) {
  const Dataset data = dataset(256, 1), held_out = dataset(200, 2);
  TrainOptions options = quick();
  options.template_text = R"({"soft":"a b"} {text_a} c {soft}{mask})";
  options.head_input = HeadInput::mask;
  options.num_virtual_tokens = 7;  // not used: the template places its own
  const TrainResult result = run(options, data, &held_out);
  EXPECT_EQ(result.adapter.info().num_virtual_tokens, 3);
  EXPECT_GT(result.epochs[static_cast<std::size_t>(result.best_epoch)].eval->accuracy, 0.8);

  options.epochs = 0;
  const Adapter start = run(options, data, nullptr).adapter;
  const auto words = *model_->tokenizer().encode_words("a b");
  std::vector<float> embedding(static_cast<std::size_t>(model_->info().hidden_size));
  for (std::size_t row = 0; row < words.size(); ++row) {
    model_->backbone().word_embedding(words[row], embedding);
    const Matrix& table = start.prompt().parameters().front()->value;
    EXPECT_TRUE(std::equal(embedding.begin(), embedding.end(), table.row(static_cast<std::int64_t>(row))));
  }
}

TEST_F(TrainTest, ShuffledLabelsFallToChance) {
  const Dataset data = dataset(256, 1, true), held_out = dataset(400, 2);
  TrainOptions options = quick();
  options.epochs = 3;
  const TrainResult result = run(options, data, nullptr);
  Predictor predictor(*model_, result.adapter, {});
  const auto predictions = predictor.predict(held_out.examples);
  const Metrics metrics = evaluate_predictions(held_out.examples, *predictions, 2);
  EXPECT_GT(metrics.accuracy, 0.3);
  EXPECT_LT(metrics.accuracy, 0.7);
}

TEST_F(TrainTest, MicroBatchesChangeNothing) {
  const Dataset data = dataset(64, 1);
  TrainOptions options = quick();
  options.epochs = 2;
  options.class_weights = {0.3, 1.7};
  run(options, data, nullptr);
  const std::vector<StepReport> whole = recorder_.steps;
  recorder_.steps.clear();
  options.max_batch_tokens = 30;
  run(options, data, nullptr);
  ASSERT_EQ(recorder_.steps.size(), whole.size());
  for (std::size_t s = 0; s < whole.size(); ++s)
    EXPECT_NEAR(recorder_.steps[s].loss, whole[s].loss, 1e-4) << s;
}

TEST_F(TrainTest, CountsStepsAndWarmsUp) {
  TrainOptions options = quick();
  options.epochs = 2.5;
  options.warmup = 0.2;
  run(options, dataset(40, 1), nullptr);  // 3 batches an epoch
  EXPECT_EQ(recorder_.step_count, 8);     // 7.5, rounded up
  ASSERT_EQ(recorder_.steps.size(), 8u);
  EXPECT_EQ(recorder_.steps[0].learning_rate, 0.0);
  EXPECT_NEAR(recorder_.steps[1].learning_rate, 1e-2 / 1.6, 1e-12);
  EXPECT_EQ(recorder_.trainable_count, 4 * 48 + 2 * 48 + 2);
}

TEST_F(TrainTest, NoStepsGiveAnUntrainedAdapter) {
  const Dataset held_out = dataset(20, 2);
  TrainOptions options = quick();
  options.epochs = 0;
  const TrainResult result = run(options, dataset(40, 1), &held_out);
  EXPECT_TRUE(recorder_.steps.empty());
  EXPECT_TRUE(result.epochs.at(0).eval);
}

TEST_F(TrainTest, StopsEarlyAndOnRequest) {
  const Dataset data = dataset(64, 1), held_out = dataset(40, 2);
  TrainOptions options = quick();
  options.learning_rate = 0;  // never better than the first epoch
  options.epochs = 50;
  options.early_stop = 3;
  const TrainResult early = run(options, data, &held_out);
  EXPECT_EQ(early.epochs.size(), 4u);
  EXPECT_EQ(early.best_epoch, 0);
  recorder_ = {};
  recorder_.stop_after = 2;
  const TrainResult interrupted = run(options, data, &held_out);
  EXPECT_TRUE(interrupted.interrupted);
  EXPECT_EQ(recorder_.steps.size(), 2u);
}

TEST_F(TrainTest, FrozenHeadStaysAndPromptMoves) {
  const Dataset data = dataset(64, 1);
  TrainOptions options = quick();
  options.method = Method::head;
  const TrainResult probe = run(options, data, nullptr);
  ASSERT_TRUE(probe.adapter.save(folder_.path() / "probe"));
  options.method = Method::prompt;
  options.init = PromptInit::adapter;
  options.init_adapter = folder_.path() / "probe";
  options.head_learning_rate = 0;
  options.epochs = 0;
  const std::string start = bytes_of(run(options, data, nullptr).adapter);
  options.epochs = 1;
  const TrainResult trained = run(options, data, nullptr);
  EXPECT_NE(bytes_of(trained.adapter), start) << "the prompt did not move";
  ASSERT_TRUE(trained.adapter.save(folder_.path() / "again"));
  options.init_adapter = folder_.path() / "again";
  options.epochs = 0;
  EXPECT_EQ(tensor_bytes(run(options, data, nullptr).adapter), tensor_bytes(trained.adapter))
      << "a saved adapter goes on as it was";
}

TEST_F(TrainTest, MovementIsTheDistanceFromTheStart) {
  const Dataset data = dataset(64, 1), held_out = dataset(40, 2);
  for (const Method method : {Method::prompt, Method::late}) {
    TrainOptions options = quick();
    options.method = method;
    options.epochs = 0;
    const Adapter start = run(options, data, nullptr).adapter;
    EXPECT_TRUE(start.info().movement.empty());
    options.epochs = 3;
    const TrainResult last = run(options, data, nullptr);
    ASSERT_EQ(last.adapter.info().movement.size(), 3u);
    expect_movement(start, last.adapter);
    EXPECT_GT(last.adapter.info().movement[0][0], 0);
    EXPECT_NE(last.adapter.info().movement[0], last.adapter.info().movement[2]);

    const TrainResult best = run(options, data, &held_out);
    EXPECT_EQ(std::ssize(best.adapter.info().movement), best.best_epoch + 1)
        << "up to the epoch that is kept";
    expect_movement(start, best.adapter);
  }
  TrainOptions options = quick();
  options.method = Method::head;
  EXPECT_TRUE(run(options, data, nullptr).adapter.info().movement.empty());
}

TEST_F(TrainTest, EveryInitStartsFiniteAndApart) {
  std::vector<std::string> starts;
  for (const Method method : {Method::prompt, Method::late})
    for (const PromptInit init :
         {PromptInit::random, PromptInit::vocab, PromptInit::text, PromptInit::labels}) {
      TrainOptions options = quick();
      options.method = method;
      options.init = init;
      options.init_text = "a b c";
      options.epochs = 0;
      starts.push_back(bytes_of(run(options, dataset(8, 1), nullptr).adapter));
      for (std::size_t i = 0; i + 1 < starts.size(); ++i) EXPECT_NE(starts[i], starts.back());
    }
}

TEST_F(TrainTest, NamesWhatIsWrong) {
  const Dataset data = dataset(40, 1);
  TrainOptions options = quick();
  options.learning_rate = 1e30;
  options.warmup = 0;
  EXPECT_NE(failure(options, data).find("the loss is"), std::string::npos) << failure(options, data);
  options = quick();
  options.learning_rate = std::numeric_limits<double>::quiet_NaN();
  EXPECT_NE(failure(options, data).find("learning rate"), std::string::npos);
  options = quick();
  options.class_weights = {1, 2, 3};
  EXPECT_NE(failure(options, data).find("3 class weights for 2 labels"), std::string::npos);
  options = quick();
  options.num_virtual_tokens = 511;
  EXPECT_NE(failure(options, data).find("leave no room"), std::string::npos);
  options = quick();
  options.method = Method::late;
  options.insert_layer = 3;
  EXPECT_NE(failure(options, data).find("insert layer 3"), std::string::npos);
  options = quick();
  options.init = PromptInit::adapter;
  options.init_adapter = folder_.path() / "none";
  EXPECT_NE(failure(options, data).find("none"), std::string::npos);
  Dataset unlabelled = data;
  unlabelled.examples[3].label = -1;
  EXPECT_NE(failure(quick(), unlabelled).find("example 3 has no label"), std::string::npos);
  EXPECT_NE(failure(quick(), Dataset{}).find("no training examples"), std::string::npos);
}

TEST_F(TrainTest, SaysWhenTextsAreTruncated) {
  TrainOptions options = quick();
  options.max_length = 5;
  options.epochs = 0;
  run(options, dataset(40, 1), nullptr);
  ASSERT_EQ(recorder_.warnings.size(), 1u);
  EXPECT_NE(recorder_.warnings[0].find("longer than 5 tokens"), std::string::npos);
}

}  // namespace
}  // namespace incipit
