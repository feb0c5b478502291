#include "experiment/page/attention_chart.h"

#include <cmath>

#include <fmt/format.h>

#include "experiment/page/svg.h"

namespace incipit {
namespace {

constexpr double kWidth = 420, kLeft = 46, kBar = 13, kGap = 4;

}  // namespace

Markup attention_chart(const PromptInspection& prompt) {
  if (prompt.attention.empty()) return {};
  const Scale x({0, 1}, kLeft, kWidth - 10);
  Markup shapes;
  double y = 4;
  for (auto layer = prompt.attention.rbegin(); layer != prompt.attention.rend(); ++layer) {
    double sum = 0;
    for (const double share : layer->virtual_tokens) sum += share;
    shapes += svg_text(kLeft - 6, y + 10, std::to_string(layer->layer), "end");
    double from = 0;
    const auto part = [&](double share, const char* css_class, const char* what) {
      if (!std::isfinite(share)) return;
      shapes += svg_rect(x(from), y, x(from + share) - x(from), kBar, css_class,
                         fmt::format("layer {}, {}: {:.1f} %", layer->layer, what, 100 * share));
      from += share;
    };
    part(sum, "part-a", "virtual tokens");
    part(layer->special, "part-c", "special tokens");
    part(layer->text, "part-b", "text");
    y += kBar + kGap;
  }
  for (int i = 0; i <= 4; ++i)
    shapes += svg_text(x(i * 0.25), y + 13, fmt::format("{} %", 25 * i), i == 4 ? "end" : "middle");
  shapes += svg_text(2, y + 13, "layer", "start", "axis-title");
  return figure({"attention", "What the head's rows look at",
                 fmt::format("share of attention, mean over heads and {} texts", prompt.examples),
                 "Share of attention on virtual tokens, special tokens and text in each layer",
                 legend({{"part-a", "virtual tokens"}, {"part-c", "special tokens"}, {"part-b", "text"}})},
                kWidth, y + 20, shapes);
}

}  // namespace incipit
