#include "incipit/bench.h"

#include <filesystem>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/synthetic_model.h"
#include "support/test_folder.h"

namespace incipit {
namespace {

const std::filesystem::path kTokenizer =
    std::filesystem::path(INCIPIT_SOURCE_DIR) / "tests/golden/tokenizers/bert/tokenizer.json";

class BenchTest : public testing::TestWithParam<const char*> {
 protected:
  Result<Model> model() const {
    nlohmann::json config = tiny_config(GetParam());
    config["vocab_size"] = 300;
    SyntheticOptions options;
    options.tokenizer = kTokenizer;
    EXPECT_TRUE(write_synthetic_model(folder_.path(), config, options));
    return Model::load(folder_.path());
  }

  const TestFolder folder_;
};

TEST_P(BenchTest, MeasuresEveryMethod) {
  const Result<Model> loaded = model();
  ASSERT_TRUE(loaded) << loaded.error().message;
  double last = 1e9;
  for (const Method method : {Method::prompt, Method::late, Method::head}) {
    BenchOptions options;
    options.method = method;
    options.batch_size = 3;
    options.length = 12;
    options.steps = 2;
    const Result<BenchReport> report = bench(*loaded, options);
    ASSERT_TRUE(report) << report.error().message;
    for (const BenchPass& pass : {report->train, report->predict}) {
      EXPECT_GT(pass.seconds, 0);
      EXPECT_LE(pass.least, pass.seconds);
      EXPECT_GE(pass.most, pass.seconds);
      EXPECT_GT(pass.roof_seconds, 0);
      double sum = 0;
      for (const BenchPhase& phase : pass.phases) sum += phase.seconds;
      EXPECT_GE(sum, pass.least * 0.99);
      EXPECT_LE(sum, pass.most * 1.01);
      EXPECT_EQ(pass.phases.back().name, "everything else");
    }
    EXPECT_LT(report->train.gflop, last) << "what trains less costs less";
    last = report->train.gflop;
    EXPECT_LE(report->predict.gflop, report->train.gflop);
    const auto json = nlohmann::json::parse(bench_to_json(*report));
    EXPECT_EQ(json["train"]["tokens"], report->train.tokens);
    EXPECT_NE(format_bench(*report).find("% of the roof"), std::string::npos);
  }
}

TEST_P(BenchTest, SaysWhatDoesNotFit) {
  const Result<Model> loaded = model();
  ASSERT_TRUE(loaded) << loaded.error().message;
  BenchOptions options;
  options.length = 100000;
  Result<BenchReport> report = bench(*loaded, options);
  ASSERT_FALSE(report);
  EXPECT_NE(report.error().message.find("--length"), std::string::npos) << report.error().message;
  options = {};
  options.length = 12;
  options.method = Method::late;
  options.insert_layer = 99;
  EXPECT_FALSE(bench(*loaded, options));
}

INSTANTIATE_TEST_SUITE_P(Models, BenchTest, testing::Values("bert", "llama"),
                         [](const auto& instance) { return std::string(instance.param); });

}  // namespace
}  // namespace incipit
