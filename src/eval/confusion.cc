#include "eval/confusion.h"

#include <cmath>

namespace incipit {
namespace {

double ratio(double numerator, double denominator) {
  return denominator == 0 ? 0.0 : numerator / denominator;
}

}  // namespace

ClassMetrics class_metrics(const ClassCounts& counts) {
  const auto correct = static_cast<double>(counts.correct);
  const auto support = static_cast<double>(counts.support);
  const auto predicted = static_cast<double>(counts.predicted);
  ClassMetrics metrics;
  metrics.precision = ratio(correct, predicted);
  metrics.recall = ratio(correct, support);
  metrics.f1 = ratio(2 * correct, support + predicted);
  metrics.support = counts.support;
  metrics.predicted = counts.predicted;
  return metrics;
}

double macro_f1(const std::vector<ClassCounts>& classes) {
  double sum = 0;
  double present = 0;
  for (const ClassCounts& counts : classes) {
    if (counts.support + counts.predicted == 0) continue;
    sum += class_metrics(counts).f1;
    ++present;
  }
  return ratio(sum, present);
}

double main_f1(const std::vector<ClassCounts>& classes) {
  return classes.size() == 2 ? class_metrics(classes[1]).f1 : macro_f1(classes);
}

double matthews_correlation(const std::vector<ClassCounts>& classes) {
  double count = 0, correct = 0, together = 0, true_square = 0, predicted_square = 0;
  for (const ClassCounts& counts : classes) {
    const auto support = static_cast<double>(counts.support);
    const auto predicted = static_cast<double>(counts.predicted);
    count += support;
    correct += static_cast<double>(counts.correct);
    together += support * predicted;
    true_square += support * support;
    predicted_square += predicted * predicted;
  }
  const double variance = (count * count - true_square) * (count * count - predicted_square);
  return ratio(correct * count - together, std::sqrt(variance));
}

}  // namespace incipit
