#pragma once

#include <cstdint>
#include <vector>

#include "incipit/metrics.h"

namespace incipit {

/// How often a class was true, was predicted, and was both.
struct ClassCounts {
  std::int64_t support = 0;
  std::int64_t predicted = 0;
  std::int64_t correct = 0;
};

/// Of one class; ratios with denominator 0 are 0.
ClassMetrics class_metrics(const ClassCounts& counts);

/// The mean F1 of the classes that are true or predicted somewhere, as scikit-learn's average="macro" has it.
double macro_f1(const std::vector<ClassCounts>& classes);

/// The F1 that is reported: of class 1 where there are two classes, else macro_f1.
double main_f1(const std::vector<ClassCounts>& classes);

/// The Matthews correlation for any number of classes (Gorodkin 2004); 0 where truth or predictions do not
/// vary.
double matthews_correlation(const std::vector<ClassCounts>& classes);

}  // namespace incipit
