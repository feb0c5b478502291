#include <sstream>

#include <gtest/gtest.h>

#include "base/text_width.h"
#include "experiment/test_comparison.h"

namespace incipit {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(FormatComparison, OneLineARun) {
  Comparison comparison = comparison_of(
      {run_of("软提示", {trial_of(0, 70), trial_of(1, 74)}), run_of("head", {trial_of(5, 66)})});
  comparison.runs[1].note = "Chance.";
  EXPECT_EQ(
      format_comparison(comparison),
      "Reviews\n"
      "reviews.tsv, 100 test texts\n"
      "\n"
      "run                 accuracy   95 % interval        behind best               F1    trained  "
      "seconds  MiB  seeds\n"
      "软提示       0.7200 ± 0.0283  0.625 to 0.799               best  0.7100 ± 0.0283  1,061,890     "
      "2.00  300      2\n"
      "head         0.6600           0.563 to 0.745  6.0 (2.0 to 10.5)  0.6500           1,061,890     "
      "2.00  300      1\n"
      "always good  0.5100                                              0.6755                   0\n"
      "\n"
      "95 % interval: of the accuracy, had other texts been drawn to test on (Wilson, at the mean over "
      "seeds).\n"
      "behind best: points of accuracy on the same texts (95 % interval, paired bootstrap); ~: not clearly "
      "behind.\n"
      "±: standard deviation over seeds. F1: of 'good'. trained: parameters.\n"
      "seconds: to train, mean. MiB: the process's peak, largest.\n"
      "\n"
      "head: Chance.\n");
}

TEST(FormatComparison, MarksWhatIsNotClearlyBehindTheBest) {
  const std::vector<std::string> lines = lines_of(
      format_comparison(comparison_of({run_of("far", {trial_of(0, 60)}), run_of("best", {trial_of(0, 80)}),
                                       run_of("near", {trial_of(0, 79)})})));
  EXPECT_NE(lines.at(4).find("  20.0 (12.0 to 28.0)"), std::string::npos) << lines.at(4);
  EXPECT_NE(lines.at(5).find("  best  "), std::string::npos) << lines.at(5);
  EXPECT_NE(lines.at(6).find("  ~1.0 (0.0 to "), std::string::npos) << lines.at(6);
}

TEST(FormatComparison, LongAndHostileNamesKeepTheTable) {
  const std::string table =
      format_comparison(comparison_of({run_of(std::string(200, 'x'), {trial_of(0, 70), trial_of(1, 74)}),
                                       run_of("a\x1B[2J\nb\xFF", {trial_of(0, 70)})}));
  EXPECT_EQ(table.find('\x1B'), std::string::npos);
  const std::vector<std::string> lines = lines_of(table);
  ASSERT_GT(lines.size(), 6u);
  for (std::size_t i = 0; i < 7; ++i) EXPECT_LE(display_width(lines[i]), 136u) << lines[i];
  EXPECT_EQ(display_width(lines[4]), display_width(lines[5])) << table;
}

TEST(FormatComparison, WithoutRunsIsTheMajorityAlone) {
  EXPECT_NE(format_comparison(comparison_of({})).find("always good    0.5100"), std::string::npos);
}

}  // namespace
}  // namespace incipit
