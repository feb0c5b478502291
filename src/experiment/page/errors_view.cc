#include "experiment/page/errors_view.h"

#include <algorithm>

#include <fmt/format.h>

#include "experiment/figures.h"
#include "experiment/page/svg.h"
#include "experiment/page/table.h"

namespace incipit {
namespace {

constexpr std::size_t kMostWrong = 10;
constexpr std::size_t kLongestText = 600;  // in characters

using Counts = std::vector<std::vector<std::int64_t>>;

/// Of the trials whose matrix is square and as large as the first one's.
Counts added_up(const RunRecord& run) {
  Counts sum = run.trials.front().test.confusion;
  const auto has_shape = [&sum](const Counts& counts) {
    return counts.size() == sum.size() && std::all_of(counts.begin(), counts.end(), [&sum](const auto& row) {
             return row.size() == sum.size();
           });
  };
  if (!has_shape(sum)) return {};
  for (std::size_t t = 1; t < run.trials.size(); ++t) {
    const Counts& counts = run.trials[t].test.confusion;
    if (!has_shape(counts)) continue;
    for (std::size_t i = 0; i < sum.size(); ++i)
      for (std::size_t k = 0; k < sum.size(); ++k) sum[i][k] += counts[i][k];
  }
  return sum;
}

Markup cell(std::int64_t count, double share, bool right) {
  // The shade is the cell's share of its true class.
  return element(
      "span", {{"class", right ? "heat hit" : "heat miss"}, {"style", fmt::format("--share:{:.3f}", share)}},
      element("b", fmt::format("{}", with_commas(count))) +
          element("small", fmt::format("{:.0f} %", 100 * share)));
}

}  // namespace

Markup confusion_table(const Comparison& comparison, const RunRecord& run) {
  const Counts counts = added_up(run);
  if (counts.empty()) return {};
  const auto name = [&](std::size_t label) {
    return shortened(label_name(comparison, static_cast<int>(label)), 24);
  };
  std::vector<std::string> columns{"true ╲ predicted"};
  for (std::size_t i = 0; i < counts.size(); ++i) columns.push_back("#" + name(i));
  Table table("confusion", "Confusion matrix of " + run.name, columns);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    std::int64_t all = 0;
    for (const std::int64_t count : counts[i]) all += count;
    std::vector<Markup> row{text(name(i))};
    for (std::size_t k = 0; k < counts.size(); ++k)
      row.push_back(cell(counts[i][k],
                         all > 0 ? static_cast<double>(counts[i][k]) / static_cast<double>(all) : 0, i == k));
    table.add(row);
  }
  return figure({"confusion-matrix",
                 "Confusion",
                 fmt::format("{} texts{}, and their share of the true label", comparison.examples_name,
                             run.trials.size() > 1 ? fmt::format(" of all {} seeds", run.trials.size()) : ""),
                 "",
                 {}},
                table.drawn());
}

Markup wrong_examples(const Comparison& comparison, const RunRecord& run) {
  struct Wrong {
    const WrongExample* example;
    std::size_t seeds;
  };
  std::vector<Wrong> all;
  for (const TrialRecord& trial : run.trials)
    for (const WrongExample& example : trial.most_wrong) {
      const auto same = std::find_if(all.begin(), all.end(), [&example](const Wrong& other) {
        return other.example->id == example.id && other.example->text == example.text;
      });
      if (same == all.end()) {
        all.push_back({&example, 1});
      } else {
        ++same->seeds;
        if (example.probability > same->example->probability) same->example = &example;
      }
    }
  if (all.empty()) return {};
  std::stable_sort(all.begin(), all.end(), [](const Wrong& a, const Wrong& b) {
    return a.example->probability > b.example->probability;
  });
  all.resize(std::min(all.size(), kMostWrong));
  Table table("wrong", "Surest errors of " + run.name, {"#Sure", "Predicted", "True", "Text"});
  for (const auto& [example, seeds] : all) {
    Markup words = element("span", {{"class", "text"}}, text(shortened(example->text, kLongestText)));
    if (seeds > 1) words += text(" ") + span("note", fmt::format("{} seeds", seeds));
    table.add({text(fmt::format("{:.1f} %", 100 * example->probability)),
               text(shortened(label_name(comparison, example->predicted), 40)),
               text(shortened(label_name(comparison, example->label), 40)), words});
  }
  return figure({"wrong-examples",
                 "Wrong, and sure of it",
                 "the surest errors on the " + comparison.examples_name + " texts",
                 "",
                 {}},
                table.drawn());
}

}  // namespace incipit
