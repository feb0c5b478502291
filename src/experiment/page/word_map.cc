#include "experiment/page/word_map.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/text_width.h"
#include "experiment/page/axes.h"
#include "experiment/page/svg.h"

namespace incipit {
namespace {

constexpr double kHeight = 360;
constexpr std::size_t kMostWords = 400;   // dots in the background
constexpr std::size_t kMostLabels = 150;  // near words
constexpr double kLetter = 5.2, kLine = 10;

struct Box {
  double left, top, right, bottom;
  bool overlaps(const Box& other) const {
    return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
  }
};

/// Places words beside their dots as long as there is room, first come first served.
class Labels {
 public:
  explicit Labels(const Axes& axes) : inside_{axes.left(), 0, axes.right(), axes.bottom()} {}

  void keep_free(double x, double y) { taken_.push_back({x - 4, y - 4, x + 4, y + 4}); }
  /// Empty where there is none.
  Markup add(double x, double y, const std::string& word) {
    const double width = kLetter * static_cast<double>(display_width(word));
    for (const bool to_right : {true, false}) {
      const double left = to_right ? x + 4 : x - 4 - width;
      const Box box{left, y - kLine / 2, left + width, y + kLine / 2};
      if (box.left < inside_.left || box.right > inside_.right || box.top < inside_.top ||
          box.bottom > inside_.bottom)
        continue;
      if (std::any_of(taken_.begin(), taken_.end(), [&box](const Box& other) { return box.overlaps(other); }))
        continue;
      taken_.push_back(box);
      return svg_text(left, y + 3, word, "start", "word");
    }
    return {};
  }

 private:
  Box inside_;
  std::vector<Box> taken_;
};

Range range_of_all(const PromptInspection& prompt, double WordPoint::*word, double VirtualTokenView::*token) {
  std::vector<double> values;
  for (const WordPoint& point : prompt.near_words) values.push_back(point.*word);
  for (const WordPoint& point : prompt.other_words) values.push_back(point.*word);
  for (const VirtualTokenView& view : prompt.tokens) values.push_back(view.*token);
  return range_of(values);
}

}  // namespace

Markup word_map(const PromptInspection& prompt) {
  if (!prompt.comparable || prompt.near_words.size() + prompt.other_words.size() == 0) return {};
  const Axes axes(range_of_all(prompt, &WordPoint::x, &VirtualTokenView::x),
                  range_of_all(prompt, &WordPoint::y, &VirtualTokenView::y), kHeight, false);
  Markup shapes = axes.drawn({"first component", "second component"});
  // One path of dots is a tenth of as many circles.
  std::string dots;
  const std::size_t every = (prompt.other_words.size() + kMostWords - 1) / kMostWords;
  for (std::size_t i = 0; i < prompt.other_words.size(); i += every)
    if (const WordPoint& word = prompt.other_words[i]; std::isfinite(word.x) && std::isfinite(word.y))
      dots += 'M' + place(axes.x(word.x)) + ' ' + place(axes.y(word.y)) + "h0";
  shapes += element("path", {{"class", "other-words"}, {"d", dots}});
  Labels labels(axes);
  Markup marks, words;
  for (std::size_t i = 0; i < prompt.tokens.size(); ++i) {
    const double x = axes.x(prompt.tokens[i].x), y = axes.y(prompt.tokens[i].y);
    labels.keep_free(x, y);
    marks += svg_circle(x, y, 4, "token", fmt::format("virtual token {}", i + 1));
  }
  for (std::size_t i = 0; i < prompt.tokens.size(); ++i)
    words += labels.add(axes.x(prompt.tokens[i].x) + 1, axes.y(prompt.tokens[i].y), std::to_string(i + 1));
  for (std::size_t i = 0; i < prompt.near_words.size() && i < kMostLabels; ++i) {
    const WordPoint& word = prompt.near_words[i];
    shapes += svg_circle(axes.x(word.x), axes.y(word.y), 2.2, "near-word", shortened(word.piece, 40));
    words += labels.add(axes.x(word.x), axes.y(word.y), shortened(word.piece, 18));
  }
  return figure(
      {"word-map", "Among the words",
       fmt::format("two principal components, {:.0f} % of the variance", 100 * prompt.explained),
       "Virtual tokens and words, projected on two dimensions",
       legend(
           {{"token", "virtual token"}, {"near-word", "its nearest words"}, {"other-words", "other words"}})},
      Axes::kWidth, kHeight, shapes + words + marks);
}

}  // namespace incipit
