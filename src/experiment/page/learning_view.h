#pragma once

#include "incipit/comparison.h"

#include "experiment/page/html.h"

namespace incipit {

/// The loss at each step, seeds thin and their mean bold, and that of the held-out texts after each epoch;
/// empty for a run that was not trained.
Markup loss_chart(const RunRecord& run);
/// Accuracy and F1 on the held-out texts after each epoch; empty where none was evaluated.
Markup metric_chart(const RunRecord& run);

/// At most `most` points of a curve, each the mean of as many steps; (step, value).
std::vector<std::pair<double, double>> thinned(const std::vector<double>& steps, std::size_t most);

}  // namespace incipit
