#include <fmt/format.h>

#include "incipit/comparison.h"

#include "experiment/figures.h"
#include "experiment/page/embedded.h"
#include "experiment/page/run_view.h"
#include "experiment/page/summary_view.h"

namespace incipit {
namespace {

/// Puts `value` at each {{name}} of the template. What is put in is not looked at again.
class PageTemplate {
 public:
  explicit PageTemplate(std::string_view page) : rest_(page) {}

  /// Names must come in the order of the page.
  void fill(std::string_view name, const Markup& value) {
    const std::string mark = fmt::format("{{{{{}}}}}", name);
    const std::size_t at = rest_.find(mark);
    if (at == std::string_view::npos) return;
    page_.append(rest_.substr(0, at)).append(value.html());
    rest_.remove_prefix(at + mark.size());
  }
  std::string finished() const { return page_ + std::string(rest_); }

 private:
  std::string_view rest_;
  std::string page_;
};

Markup links(const Comparison& comparison) {
  Markup list = element("li", element("a", {{"href", "#summary"}}, text("Summary")));
  for (std::size_t i = 0; i < comparison.runs.size(); ++i) {
    const std::string target = "#" + run_anchor(i);
    list += element("li", element("a", {{"href", target}}, text(shortened(comparison.runs[i].name, 40))));
  }
  return element("ol", list);
}

Markup description(const Comparison& comparison) {
  std::string labels;
  for (const std::string& label : comparison.labels)
    labels += (labels.empty() ? "" : ", ") + shortened(label, 40);
  Markup out = element("p", fmt::format("{} {} texts, {} labels: {}", with_commas(comparison.test_examples),
                                        comparison.examples_name, comparison.labels.size(), labels));
  if (!comparison.data.empty()) out = element("p", shortened(comparison.data, 500)) + out;
  return out;
}

/// The best run's prompt is unfolded, else the first one's.
std::size_t unfolded(const Comparison& comparison, std::span<const RunSummary> summaries) {
  const auto has_prompt = [&](std::size_t run) {
    for (const TrialRecord& trial : comparison.runs[run].trials)
      if (trial.prompt) return true;
    return false;
  };
  std::size_t chosen = best_run(summaries);
  for (std::size_t i = 0; i < summaries.size() && !has_prompt(chosen); ++i) chosen = i;
  return chosen;
}

Markup sections(const Comparison& comparison) {
  const std::vector<RunSummary> summaries = summarize(comparison);
  if (summaries.empty()) return element("p", "No trial was finished.");
  Markup out = summary_view(comparison, summaries);
  const std::size_t open = unfolded(comparison, summaries);
  for (std::size_t i = 0; i < summaries.size(); ++i) out += run_view(comparison, i, summaries[i], i == open);
  return out;
}

}  // namespace

std::string comparison_page(const Comparison& comparison) {
  const Markup title = text(comparison.title.empty() ? "Comparison" : shortened(comparison.title, 200));
  PageTemplate page(kPageTemplate);
  page.fill("title", title);
  page.fill("style", Markup::trusted(kPageStyle));
  page.fill("heading", title);
  page.fill("description", description(comparison));
  page.fill("links", links(comparison));
  page.fill("sections", sections(comparison));
  page.fill("machine", text(shortened(comparison.machine, 500)));
  return page.finished();
}

}  // namespace incipit
