#include "model/weight_pack.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "backbone/backbone.h"
#include "support/synthetic_model.h"
#include "support/test_folder.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

const fs::path kTokenizer = fs::path(INCIPIT_SOURCE_DIR) / "tests/golden/tokenizers/bert/tokenizer.json";

class WeightPackTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override { write_model(); }

  void write_model(double epsilon = 1e-5) const {
    nlohmann::json config = tiny_config(GetParam());
    config["vocab_size"] = 300;
    config["layer_norm_eps"] = config["rms_norm_eps"] = config["layer_norm_epsilon"] = epsilon;
    SyntheticOptions options;
    options.tokenizer = kTokenizer;
    ASSERT_TRUE(write_synthetic_model(folder_.path() / "model", config, options));
  }

  static LoadOptions unkept(Precision precision) {
    LoadOptions options;
    options.precision = precision;
    return options;
  }
  LoadOptions options(Precision precision = Precision::f32) const {
    return {precision, folder_.path() / "packed", 0};
  }

  /// The last hidden state of three words.
  std::vector<float> run(const LoadOptions& options) const {
    const Result<Model> model = Model::load(folder_.path() / "model", options);
    EXPECT_TRUE(model) << model.error().message;
    if (!model) return {};
    PackedBatch batch;
    batch.token = {5, 6, 7};
    const std::int32_t first = model->backbone().spec().positions.first;
    batch.position = {first, first + 1, first + 2};
    batch.token_type = {0, 0, 0};
    batch.entry = {0, 0, 0};
    batch.sequences = {{0, 3}};
    batch.read = {2};
    Matrix rows;
    const std::unique_ptr<Pass> pass = model->backbone().new_pass();
    const Status status = model->backbone().forward(batch, {}, {}, *pass, rows);
    EXPECT_TRUE(status) << status.error().message;
    return {rows.values().begin(), rows.values().end()};
  }

  std::vector<fs::path> packs() const {
    std::vector<fs::path> files;
    std::error_code ignored;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_.path() / "packed", ignored))
      files.push_back(entry.path());
    return files;
  }
  static std::uint64_t identity(const fs::path& file) {
    return static_cast<std::uint64_t>(fs::last_write_time(file).time_since_epoch().count());
  }

  const TestFolder folder_;
};

TEST_P(WeightPackTest, MappedWeightsGiveTheSameBits) {
  for (const Precision precision : {Precision::f32, Precision::bf16, Precision::int8}) {
    const std::vector<float> plain = run(unkept(precision));
    EXPECT_TRUE(packs().empty()) << "kept though nobody asked";
    EXPECT_EQ(run(options(precision)), plain) << name_of(precision);
    ASSERT_EQ(packs().size(), 1U);
    EXPECT_EQ(run(options(precision)), plain) << name_of(precision);
    fs::remove_all(folder_.path() / "packed");
  }
}

TEST_P(WeightPackTest, ReportsTheSameOfAMappedModel) {
  const auto report = [&] {
    const Result<Model> model = Model::load(folder_.path() / "model", options());
    return std::tuple(model->info().backbone_parameters, model->report().unused,
                      model->report().newly_initialised);
  };
  const auto first = report();
  ASSERT_EQ(packs().size(), 1U);
  EXPECT_EQ(report(), first);
}

TEST_P(WeightPackTest, SmallModelsAreNotKept) {
  LoadOptions small = options();
  small.least_packed_numbers = 1 << 20;
  run(small);
  EXPECT_TRUE(packs().empty());
}

TEST_P(WeightPackTest, DamagedFilesAreMadeAgain) {
  const std::vector<float> right = run(options());
  ASSERT_EQ(packs().size(), 1U);
  const fs::path pack = packs().front();
  const auto size = fs::file_size(pack);
  for (const std::uintmax_t cut : {std::uintmax_t{0}, std::uintmax_t{20}, size / 2, size - 1}) {
    fs::resize_file(pack, cut);
    EXPECT_EQ(run(options()), right) << "cut to " << cut;
    EXPECT_EQ(fs::file_size(pack), size) << "cut to " << cut;
  }
  // Whole, but the first array has another size.
  std::fstream file(pack, std::ios::in | std::ios::out | std::ios::binary);
  std::string content(size, '\0');
  file.read(content.data(), static_cast<std::streamsize>(size));
  const auto key_size = *reinterpret_cast<const std::uint64_t*>(content.data() + 16);
  file.seekp(static_cast<std::streamoff>((24 + key_size + 63) / 64 * 64));
  file.put('\x7f');
  file.close();
  EXPECT_EQ(run(options()), right);
}

TEST_P(WeightPackTest, AChangedModelIsPackedAnew) {
  run(options());
  ASSERT_EQ(packs().size(), 1U);
  const std::uint64_t before = identity(packs().front());
  const fs::path weights = folder_.path() / "model" / "model.safetensors";
  fs::last_write_time(weights, fs::last_write_time(weights) + std::chrono::seconds(5));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(run(options()), run({}));
  ASSERT_EQ(packs().size(), 1U);
  EXPECT_NE(identity(packs().front()), before);
}

TEST_P(WeightPackTest, AFolderThatCannotBeWrittenIsPassedOver) {
  std::ofstream(folder_.path() / "file") << "x";
  LoadOptions blocked = options();
  blocked.packed_weights = folder_.path() / "file" / "packed";
  EXPECT_EQ(run(blocked), run({}));
}

INSTANTIATE_TEST_SUITE_P(Models, WeightPackTest, testing::Values("bert", "gpt2", "llama"),
                         [](const auto& instance) { return std::string(instance.param); });

}  // namespace
}  // namespace incipit
