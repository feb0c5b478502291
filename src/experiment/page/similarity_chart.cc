#include "experiment/page/similarity_chart.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "experiment/page/svg.h"

namespace incipit {
namespace {

constexpr std::size_t kMostTokens = 30;  // a square of more is a large page
constexpr double kWidth = 420, kLeft = 46, kTop = 18;

}  // namespace

Markup similarity_chart(const PromptInspection& prompt) {
  const std::size_t count = std::min(prompt.similarity.size(), kMostTokens);
  if (count < 2) return {};
  const double cell = std::min((kWidth - kLeft - 10) / static_cast<double>(count), 40.0);
  Markup shapes;
  for (std::size_t i = 0; i < count; ++i) {
    const double y = kTop + cell * static_cast<double>(i);
    if (i == 0 || (i + 1) % (count > 12 ? 5 : 1) == 0) {
      shapes += svg_text(kLeft - 6, y + cell / 2 + 4, std::to_string(i + 1), "end");
      shapes +=
          svg_text(kLeft + cell * (static_cast<double>(i) + 0.5), kTop - 6, std::to_string(i + 1), "middle");
    }
    for (std::size_t k = 0; k < std::min(count, prompt.similarity[i].size()); ++k) {
      const double cosine = prompt.similarity[i][k];
      shapes += svg_cell(kLeft + cell * static_cast<double>(k), y, cell, cosine < 0 ? "negative" : "positive",
                         std::abs(cosine), fmt::format("{}, {}: {:.2f}", i + 1, k + 1, cosine));
    }
  }
  const std::string some = count < prompt.similarity.size()
                               ? fmt::format("; the first {} of {}", count, prompt.similarity.size())
                               : "";
  return figure(
      {"similarity", "Likeness of the virtual tokens", "cosine of each two" + some,
       "Cosine of each two virtual tokens", legend({{"positive", "1"}, {"zero", "0"}, {"negative", "−1"}})},
      kWidth, kTop + cell * static_cast<double>(count) + 6, shapes);
}

}  // namespace incipit
