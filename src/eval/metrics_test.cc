#include "incipit/metrics.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/file.h"

namespace incipit {
namespace {

using nlohmann::json;

struct Case {
  std::string name;
  int num_labels;
  std::vector<int> labels;
  std::vector<float> probabilities;
  json expected;
};

/// What scikit-learn says; made by tests/golden/make_metrics_golden.py.
std::vector<Case> golden_cases() {
  const Result<std::string> text = read_file(INCIPIT_SOURCE_DIR "/tests/golden/metrics.json");
  EXPECT_TRUE(text) << text.error().message;
  std::vector<Case> cases;
  const json all = json::parse(*text);
  for (const json& one : all.at("cases"))
    cases.push_back({one.at("name"), one.at("num_labels"), one.at("labels"), one.at("probabilities"), one});
  return cases;
}

TEST(Metrics, AreThoseOfScikitLearn) {
  const std::vector<Case> cases = golden_cases();
  ASSERT_GE(cases.size(), 10u);
  for (const Case& one : cases) {
    SCOPED_TRACE(one.name);
    const Metrics metrics = compute_metrics(one.labels, one.probabilities, one.num_labels);
    const auto expect = [&](const char* name, double value, double tolerance = 1e-12) {
      EXPECT_NEAR(value, one.expected.at(name).get<double>(), tolerance) << name;
    };
    EXPECT_EQ(metrics.count, static_cast<std::int64_t>(one.labels.size()));
    expect("accuracy", metrics.accuracy);
    EXPECT_NEAR(metrics.accuracy_interval.low, one.expected.at("accuracy_interval")[0].get<double>(), 1e-12);
    EXPECT_NEAR(metrics.accuracy_interval.high, one.expected.at("accuracy_interval")[1].get<double>(), 1e-12);
    expect("f1", metrics.f1);
    expect("f1_micro", metrics.f1_micro);
    expect("f1_macro", metrics.f1_macro);
    expect("matthews", metrics.matthews);
    expect("calibration_error", metrics.calibration_error, 1e-7);
    expect("loss", metrics.loss, 1e-5 * (1 + metrics.loss));  // scikit-learn's logarithms are in float
    expect("majority_accuracy", metrics.majority_accuracy);
    expect("majority_f1", metrics.majority_f1);
    EXPECT_EQ(metrics.majority_class, one.expected.at("majority_class").get<int>());
    EXPECT_EQ(json(metrics.confusion), one.expected.at("confusion"));
    for (std::size_t c = 0; c < metrics.classes.size(); ++c) {
      EXPECT_NEAR(metrics.classes[c].precision, one.expected.at("precision_by_class")[c].get<double>(),
                  1e-12);
      EXPECT_NEAR(metrics.classes[c].recall, one.expected.at("recall_by_class")[c].get<double>(), 1e-12);
      EXPECT_NEAR(metrics.classes[c].f1, one.expected.at("f1_by_class")[c].get<double>(), 1e-12);
      EXPECT_EQ(metrics.classes[c].support, one.expected.at("support")[c].get<std::int64_t>());
    }
  }
}

TEST(Metrics, BootstrapAgreesWithNumpys) {
  int compared = 0;
  for (const Case& one : golden_cases()) {
    SCOPED_TRACE(one.name);
    if (one.labels.size() < 50) continue;  // few examples give few different values, and coarse percentiles
    const Interval interval = compute_metrics(one.labels, one.probabilities, one.num_labels).f1_interval;
    const double low = one.expected.at("f1_interval")[0], high = one.expected.at("f1_interval")[1];
    // The 2.5th percentile of 1,000 normal values has a standard deviation of 0.085 of theirs; the difference
    // from that of 2,000, 0.104: four of them are a ninth of the interval's width of 3.9.
    EXPECT_NEAR(interval.low, low, (high - low) / 9);
    EXPECT_NEAR(interval.high, high, (high - low) / 9);
    ++compared;
  }
  EXPECT_EQ(compared, 3);
}

Metrics of_predictions(const std::vector<int>& labels, const std::vector<int>& predictions, int num_labels) {
  std::vector<float> probabilities;
  for (const int prediction : predictions)
    for (int c = 0; c < num_labels; ++c) probabilities.push_back(c == prediction ? 1.0f : 0.0f);
  return compute_metrics(labels, probabilities, num_labels);
}

TEST(Metrics, CollapseIsSeen) {
  std::vector<int> labels, ones;
  for (int i = 0; i < 1000; ++i) {
    labels.push_back(i % 3 == 0 ? 0 : 1);
    ones.push_back(1);
  }
  EXPECT_EQ(of_predictions(labels, ones, 2).collapsed_to, 1);
  std::vector<int> nearly = ones;
  for (int i = 0; i < 9; ++i) nearly[static_cast<std::size_t>(i)] = 0;
  EXPECT_EQ(of_predictions(labels, nearly, 2).collapsed_to, 1) << "0.9 % name another class";
  nearly[9] = 0;
  EXPECT_FALSE(of_predictions(labels, nearly, 2).collapsed_to) << "1 % do";
  EXPECT_FALSE(of_predictions(ones, ones, 2).collapsed_to) << "the truth has no other class";

  const std::vector<int> few(labels.begin(), labels.begin() + 9), ten(labels.begin(), labels.begin() + 10);
  EXPECT_FALSE(of_predictions(few, std::vector<int>(9, 1), 2).collapsed_to);
  EXPECT_EQ(of_predictions(ten, std::vector<int>(10, 1), 2).collapsed_to, 1);
}

TEST(Metrics, ByName) {
  const Metrics metrics = of_predictions({0, 1, 1, 0, 1}, {0, 1, 0, 0, 0}, 2);
  EXPECT_EQ(metric_by_name(metrics, "accuracy"), metrics.accuracy);
  EXPECT_EQ(metric_by_name(metrics, "f1"), metrics.f1);
  EXPECT_EQ(metric_by_name(metrics, "f1_micro"), metrics.f1_micro);
  EXPECT_EQ(metric_by_name(metrics, "f1_macro"), metrics.f1_macro);
  EXPECT_EQ(metric_by_name(metrics, "matthews"), metrics.matthews);
  EXPECT_EQ(metric_by_name(metrics, "loss"), -metrics.loss);
  EXPECT_FALSE(metric_by_name(metrics, "Accuracy"));
  EXPECT_NE(metrics.f1, metrics.f1_macro);
  EXPECT_NE(metrics.f1, metrics.accuracy);
}

TEST(Metrics, NoExamplesAreNoErrors) {
  const Metrics metrics = compute_metrics({}, {}, 3);
  EXPECT_EQ(metrics.count, 0);
  EXPECT_EQ(metrics.accuracy, 0);
  EXPECT_EQ(metrics.classes.size(), 3u);
  EXPECT_EQ(compute_metrics({}, {}, 0).count, 0);
}

TEST(Metrics, WrongInputIsHarmless) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  const std::vector<float> probabilities{nan, nan, inf, -inf, 0.1f, nan, 0.5f, 2.0f};
  const Metrics metrics = compute_metrics(std::vector<int>{0, 1, 1, 0}, probabilities, 2);
  EXPECT_EQ(metrics.count, 4);
  EXPECT_TRUE(std::isfinite(metrics.calibration_error));
  // Labels out of range and rows that are not there.
  EXPECT_EQ(compute_metrics(std::vector<int>{0, 2, -1, 1, 0, 0}, probabilities, 2).count, 2);
}

TEST(Metrics, ManyClasses) {
  std::vector<int> labels, predictions;
  for (int i = 0; i < 3000; ++i) {
    labels.push_back(i % 300);
    predictions.push_back(i % 7 < 4 ? i % 300 : (i * 7) % 300);
  }
  const Metrics metrics = of_predictions(labels, predictions, 300);
  EXPECT_NEAR(metrics.accuracy, 4.0 / 7, 0.02);
  EXPECT_EQ(metrics.f1, metrics.f1_macro);
  EXPECT_LT(metrics.f1_interval.low, metrics.f1_interval.high);
}

}  // namespace
}  // namespace incipit
