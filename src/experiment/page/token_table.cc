#include "experiment/page/token_table.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "experiment/page/svg.h"
#include "experiment/page/table.h"

namespace incipit {
namespace {

bool is_noise(const PromptInspection& prompt, const VirtualTokenView& token) {
  return token.nearest.empty() || !(token.nearest.front().cosine > prompt.random_cosine_high);
}

Markup words(const PromptInspection& prompt, const VirtualTokenView& token) {
  Markup list;
  for (const NearWord& word : token.nearest)
    list += element(
        "span", {{"class", "word"}},
        element("bdi", shortened(word.piece, 40)) + element("small", fmt::format("{:.2f}", word.cosine)));
  if (!is_noise(prompt, token)) return list;
  return div("noise", span("badge", "noise: no nearer than chance") + list);
}

/// The cosine of the nearest word as a bar, the mean of chance and its 95th percentile as a band on it.
Markup beside_chance(const PromptInspection& prompt, const VirtualTokenView& token) {
  if (token.nearest.empty()) return {};
  const double cosine = token.nearest.front().cosine;
  const auto at = [](double value) { return 100 * std::clamp(std::isfinite(value) ? value : 0, 0.0, 1.0); };
  const double low = at(prompt.random_cosine), high = at(prompt.random_cosine_high);
  const Markup shapes = svg_rect(0, 4, 100, 6, "track") +
                        svg_rect(0, 4, at(cosine), 6, is_noise(prompt, token) ? "bar noise" : "bar") +
                        svg_rect(low, 0, std::max(high - low, 1.0), 14, "chance");
  const std::string label = fmt::format("cosine {:.3f}, chance {:.3f} to {:.3f}", cosine,
                                        prompt.random_cosine, prompt.random_cosine_high);
  return element("svg",
                 {{"class", "cosine"}, {"role", "img"}, {"aria-label", label}, {"viewBox", "0 0 100 14"}},
                 element("title", label) + shapes) +
         text(fmt::format("{:.3f}", cosine));
}

}  // namespace

Markup token_table(const PromptInspection& prompt) {
  std::vector<std::string> columns{"Token"};
  const bool measured = prompt.examples > 0;
  if (prompt.comparable)
    columns.insert(columns.end(), {"Nearest words, and their cosine", "#Cosine beside chance", "#Distance"});
  columns.push_back("#Length");
  if (prompt.comparable && prompt.median_word_norm > 0) columns.emplace_back("#of a median word");
  columns.emplace_back("#Moved");
  if (measured) columns.insert(columns.end(), {"#Attention", "#Accuracy without"});
  Table table("tokens", "Virtual tokens", columns);
  for (std::size_t i = 0; i < prompt.tokens.size(); ++i) {
    const VirtualTokenView& token = prompt.tokens[i];
    std::vector<Markup> row{text(std::to_string(i + 1))};
    if (prompt.comparable) {
      row.push_back(words(prompt, token));
      row.push_back(beside_chance(prompt, token));
      row.push_back(token.nearest.empty() ? Markup()
                                          : text(fmt::format("{:.2f}", token.nearest.front().distance)));
    }
    row.push_back(text(fmt::format("{:.2f}", token.norm)));
    if (prompt.comparable && prompt.median_word_norm > 0)
      row.push_back(text(fmt::format("{:.1f} ×", token.norm / prompt.median_word_norm)));
    row.push_back(text(fmt::format("{:.3f}", token.movement)));
    if (measured) {
      row.push_back(text(fmt::format("{:.1f} %", 100 * token.attention)));
      row.push_back(text(fmt::format("{:.3f}", token.accuracy_without)));
    }
    table.add(row);
  }
  return div("tall", table.drawn());
}

}  // namespace incipit
