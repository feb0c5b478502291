#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "incipit/metrics.h"

namespace incipit {
namespace {

using nlohmann::json;

Metrics of_predictions(const std::vector<int>& labels, const std::vector<int>& predictions, int num_labels) {
  std::vector<float> probabilities;
  for (const int prediction : predictions)
    for (int c = 0; c < num_labels; ++c) probabilities.push_back(c == prediction ? 1.0f : 0.0f);
  return compute_metrics(labels, probabilities, num_labels);
}

const std::vector<std::string> kLabels{"schlecht", "schön"};

TEST(FormatMetrics, Table) {
  const Metrics metrics =
      of_predictions({0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1}, {0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0}, 2);
  const std::string table = format_metrics(metrics, kLabels);
  const std::string expected_end =
      "class     precision  recall      F1   support  predicted\n"
      "schlecht     0.6667  0.6667  0.6667         3          3\n"
      "schön        0.8889  0.8889  0.8889         9          9\n"
      "\n"
      "confusion (a row a true class, a column a predicted one)\n"
      "          schlecht  schön\n"
      "schlecht         2      1\n"
      "schön            1      8\n";
  EXPECT_TRUE(table.ends_with(expected_end)) << table;
  for (const char* part :
       {"examples           12\n", "accuracy           0.8333  (95 % interval 0.5520 to 0.9530)\n",
        "F1 of schön        0.8889  (95 % interval ", "F1 micro           0.8333\n",
        "F1 macro           0.7778\n", "Matthews           0.5556\n",
        "majority class     always schön: accuracy 0.7500, F1 0.8571\n"})
    EXPECT_NE(table.find(part), std::string::npos) << part << table;
  EXPECT_EQ(table.find("COLLAPSED"), std::string::npos);
}

TEST(FormatMetrics, CollapseIsSaid) {
  const Metrics metrics = of_predictions({0, 0, 0, 1, 1, 1, 1, 1, 1, 1}, std::vector<int>(10, 1), 2);
  EXPECT_NE(format_metrics(metrics, kLabels).find("COLLAPSED          (nearly) every prediction is schön\n"),
            std::string::npos);
}

TEST(FormatMetrics, NoConfusionOfManyClasses) {
  for (const int classes : {20, 21, 300}) {
    std::vector<int> labels;
    for (int i = 0; i < 2 * classes; ++i) labels.push_back(i % classes);
    const std::string table = format_metrics(of_predictions(labels, labels, classes), {});
    EXPECT_EQ(table.find("confusion") != std::string::npos, classes <= 20);
    EXPECT_NE(table.find("F1 (macro)"), std::string::npos);
    EXPECT_NE(table.find(fmt::format("\n{} ", classes - 1)), std::string::npos)
        << "a class without name is a number";
  }
}

TEST(FormatMetrics, OddNamesKeepTheTable) {
  const std::vector<std::string> labels{"two\nlines\t", std::string(23, 'x') + "ééé"};
  const std::string table = format_metrics(of_predictions({0, 1}, {0, 1}, 2), labels);
  EXPECT_NE(table.find("two lines "), std::string::npos);
  EXPECT_NE(table.find(std::string(23, 'x') + "é…"), std::string::npos);
  std::istringstream lines(table);
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line);) ++count;
  EXPECT_EQ(count, 9u + 1 + 3 + 1 + 4) << table;
}

TEST(FormatMetrics, WithoutExamples) {
  EXPECT_NE(format_metrics(compute_metrics({}, {}, 2), kLabels).find("examples           0"),
            std::string::npos);
  EXPECT_NE(format_metrics(Metrics{}, {}).find("examples           0"), std::string::npos);
}

TEST(MetricsJson, HoldsEverything) {
  const Metrics metrics = of_predictions({0, 0, 0, 1, 1, 1, 1, 1, 1, 1}, std::vector<int>(10, 1), 2);
  const json out = json::parse(metrics_to_json(metrics, kLabels));
  EXPECT_EQ(out.at("count"), 10);
  EXPECT_EQ(out.at("accuracy"), 0.7);
  EXPECT_EQ(out.at("accuracy_interval"),
            json({metrics.accuracy_interval.low, metrics.accuracy_interval.high}));
  EXPECT_EQ(out.at("f1"), metrics.f1);
  EXPECT_EQ(out.at("f1_interval"), json({metrics.f1_interval.low, metrics.f1_interval.high}));
  for (const char* name : {"f1_micro", "f1_macro", "matthews"})
    EXPECT_EQ(out.at(name), *metric_by_name(metrics, name));
  EXPECT_EQ(out.at("calibration_error"), metrics.calibration_error);
  EXPECT_EQ(out.at("loss"), metrics.loss);
  EXPECT_EQ(out.at("majority_class"), "schön");
  EXPECT_EQ(out.at("majority_accuracy"), 0.7);
  EXPECT_EQ(out.at("majority_f1"), metrics.majority_f1);
  EXPECT_EQ(out.at("collapsed_to"), "schön");
  EXPECT_EQ(out.at("confusion"), json({{0, 3}, {0, 7}}));
  EXPECT_EQ(out.at("classes").at(1), json({{"label", "schön"},
                                           {"precision", 0.7},
                                           {"recall", 1.0},
                                           {"f1", metrics.f1},
                                           {"support", 7},
                                           {"predicted", 10}}));
  EXPECT_TRUE(
      json::parse(metrics_to_json(of_predictions({0, 1}, {0, 1}, 2), kLabels)).at("collapsed_to").is_null());
}

TEST(MetricsJson, LabelsThatAreNotUtf8) {
  const std::string text =
      metrics_to_json(of_predictions({0, 1}, {0, 1}, 2), std::vector<std::string>{"\xFF", "b"});
  EXPECT_EQ(json::parse(text).at("classes").at(0).at("label"), "\xEF\xBF\xBD");
}

}  // namespace
}  // namespace incipit
