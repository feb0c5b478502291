#include "eval/bootstrap.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/parallel.h"
#include "base/rng.h"
#include "eval/confusion.h"
#include "eval/interval.h"

namespace incipit {
namespace {

constexpr std::int64_t kResamples = 1000;

struct Outcome {
  std::int32_t truth, predicted;
};

using ClassMetric = double (*)(const std::vector<ClassCounts>& classes);

/// Calls `add` with `count` indices below it, drawn with replacement.
void resample(std::uint64_t count, Rng& rng, const auto& add) {
  // An index from 32 random bits by multiplication: several times as fast as a division, and for the counts
  // of examples there are, its bias is far below what a thousand resamples can show.
  for (std::uint64_t drawn = 0; drawn < count; drawn += 2) {
    const std::uint64_t bits = rng.next();
    add((bits >> 32) * count >> 32);
    if (drawn + 1 < count) add((bits & 0xffffffffu) * count >> 32);
  }
}

void resample(std::span<const Outcome> outcomes, std::vector<ClassCounts>& classes, Rng rng) {
  std::fill(classes.begin(), classes.end(), ClassCounts{});
  resample(outcomes.size(), rng, [&](std::uint64_t index) {
    const Outcome outcome = outcomes[index];
    ++classes[static_cast<std::size_t>(outcome.truth)].support;
    ++classes[static_cast<std::size_t>(outcome.predicted)].predicted;
    classes[static_cast<std::size_t>(outcome.truth)].correct += outcome.truth == outcome.predicted;
  });
}

double accuracy(const std::vector<ClassCounts>& classes) {
  std::int64_t correct = 0, all = 0;
  for (const ClassCounts& counts : classes) {
    correct += counts.correct;
    all += counts.support;
  }
  return static_cast<double>(correct) / static_cast<double>(all);
}

ClassMetric class_metric(std::string_view name) {
  // With one label an example, every wrong answer is one false positive and one false negative.
  if (name == "accuracy" || name == "f1_micro") return accuracy;
  if (name == "f1") return main_f1;
  if (name == "f1_macro") return macro_f1;
  if (name == "matthews") return matthews_correlation;
  return nullptr;
}

/// [kResamples]
std::vector<double> resampled(std::span<const int> labels, std::span<const int> predictions, int num_labels,
                              ClassMetric metric, std::uint64_t seed) {
  std::vector<Outcome> outcomes;
  outcomes.reserve(labels.size());
  for (std::size_t i = 0; i < labels.size(); ++i) outcomes.push_back({labels[i], predictions[i]});

  std::vector<double> values(static_cast<std::size_t>(kResamples));
  parallel_for(kResamples, 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<ClassCounts> classes(static_cast<std::size_t>(num_labels));
    for (std::int64_t i = begin; i < end; ++i) {
      resample(outcomes, classes, Rng(mix_bits(seed, static_cast<std::uint64_t>(i))));
      values[static_cast<std::size_t>(i)] = metric(classes);
    }
  });
  return values;
}

}  // namespace

Interval bootstrap_f1(std::span<const int> labels, std::span<const int> predictions, int num_labels,
                      std::uint64_t seed) {
  if (labels.empty()) return {};
  return percentile_interval(resampled(labels, predictions, num_labels, main_f1, seed));
}

std::vector<double> bootstrap_metric(std::span<const int> labels, std::span<const int> predictions,
                                     int num_labels, std::string_view metric, std::uint64_t seed) {
  const ClassMetric chosen = class_metric(metric);
  if (labels.empty() || chosen == nullptr) return {};
  return resampled(labels, predictions, num_labels, chosen, seed);
}

Interval bootstrap_mean(std::span<const double> values, std::uint64_t seed) {
  if (values.empty()) return {};
  std::vector<double> means(static_cast<std::size_t>(kResamples));
  parallel_for(kResamples, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      Rng rng(mix_bits(seed, static_cast<std::uint64_t>(i)));
      double sum = 0;
      resample(values.size(), rng, [&](std::uint64_t index) { sum += values[index]; });
      means[static_cast<std::size_t>(i)] = sum / static_cast<double>(values.size());
    }
  });
  return percentile_interval(std::move(means));
}

}  // namespace incipit
