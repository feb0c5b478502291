#include "experiment/page/prompt_view.h"

#include <algorithm>

#include <fmt/format.h>

#include "experiment/page/attention_chart.h"
#include "experiment/page/line_chart.h"
#include "experiment/page/removal_chart.h"
#include "experiment/page/similarity_chart.h"
#include "experiment/page/token_table.h"
#include "experiment/page/word_map.h"

namespace incipit {
namespace {

/// How far each virtual token has gone from its start after each epoch; one epoch is no curve, and the table
/// has its figures.
Markup movement_chart(const PromptInspection& prompt) {
  if (prompt.movement.size() < 2) return {};
  LineChart chart;
  Line mean{{}, "color-a bold", "mean", true};
  for (std::size_t epoch = 0; epoch < prompt.movement.size(); ++epoch) {
    const std::vector<double>& moved = prompt.movement[epoch];
    chart.lines.resize(std::max(chart.lines.size(), moved.size()));
    double sum = 0;
    for (std::size_t token = 0; token < moved.size(); ++token) {
      chart.lines[token].points.emplace_back(epoch, moved[token]);
      sum += moved[token];
    }
    if (!moved.empty()) mean.points.emplace_back(epoch, sum / static_cast<double>(moved.size()));
  }
  for (std::size_t token = 0; token < chart.lines.size(); ++token) {
    chart.lines[token].css_class = "color-a thin";
    chart.lines[token].tooltip = fmt::format("virtual token {}", token + 1);
  }
  chart.lines.push_back(std::move(mean));
  chart.whole_x = true;
  chart.about = {"movement",
                 "Way from the start",
                 "Euclidean; thin: each virtual token, bold: their mean",
                 "Distance of each virtual token from its start, by epoch",
                 {}};
  chart.axes = {"epoch", ""};
  return line_chart(chart);
}

std::string introduction(const PromptInspection& prompt) {
  if (!prompt.comparable)
    return fmt::format(
        "This prompt joins at layer {}: its rows are hidden states of that layer, which lie in another space "
        "than the "
        "word embeddings, so no words are compared with them.",
        prompt.insert_layer);
  return fmt::format(
      "A random vector of the same length has a cosine of {:.3f} with its nearest word, by chance; 5 % of "
      "them have "
      "more than {:.3f}. A virtual token that is no nearer lies near no word, whatever its list says: it is "
      "called "
      "noise. The median word is {:.2f} long.",
      prompt.random_cosine, prompt.random_cosine_high, prompt.median_word_norm);
}

}  // namespace

Markup prompt_view(const PromptInspection& prompt) {
  Markup content = element("p", {{"class", "reading"}}, text(introduction(prompt)));
  content += token_table(prompt);
  return content + div("charts", word_map(prompt) + movement_chart(prompt) + attention_chart(prompt) +
                                     removal_chart(prompt) + similarity_chart(prompt));
}

}  // namespace incipit
