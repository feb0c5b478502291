#include <algorithm>

#include <fmt/format.h>

#include "incipit/inspect.h"

#include "eval/interval.h"

namespace incipit {
namespace {

/// A vocabulary's piece, which may hold anything, without what would steer a terminal.
std::string printable(std::string piece) {
  for (char& c : piece)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return piece;
}

std::string head_line(const PromptInspection& all) {
  const std::string tokens =
      fmt::format("{} virtual token{}", all.tokens.size(), all.tokens.size() == 1 ? "" : "s");
  if (!all.comparable)
    return fmt::format(
        "{} that join before layer {}: hidden states, not embeddings, so that no word lies near them\n",
        tokens, all.insert_layer);
  return fmt::format(
      "{} that join at the embeddings; the median word's norm is {:.2f}\n"
      "chance: a random vector of their mean norm has cosine {:.3f} (95 % have less than {:.3f}) and "
      "distance "
      "{:.2f} to its nearest word\n",
      tokens, all.median_word_norm, all.random_cosine, all.random_cosine_high, all.random_distance);
}

bool is_chance(const NearWord& word, const PromptInspection& all) {
  return word.cosine <= all.random_cosine_high;
}

/// No word is near; false where none was asked for.
bool is_chance(const VirtualTokenView& token, const PromptInspection& all) {
  return !token.nearest.empty() && is_chance(token.nearest.front(), all);
}

/// Those that are nearer than chance, else the statement that none is.
std::string words_of(const VirtualTokenView& token, const PromptInspection& all) {
  const auto spelt = [](const NearWord& word) {
    return fmt::format("{} {:.2f}", printable(word.piece), word.cosine);
  };
  if (is_chance(token, all))
    return fmt::format("no nearer to any word than chance (nearest: {})", spelt(token.nearest.front()));
  std::string list;
  for (const NearWord& word : token.nearest)
    if (!is_chance(word, all)) list += (list.empty() ? "" : ", ") + spelt(word);
  return list;
}

std::string token_table(const PromptInspection& all) {
  const bool moved = !all.movement.empty(), ran = all.examples > 0;
  std::string out = fmt::format("{:>5}  {:>7}", "token", "norm");
  if (moved) out += fmt::format("  {:>7}", "moved");
  if (ran) out += fmt::format("  {:>9}  {:>20}", "attention", "accuracy without it");
  out += all.comparable ? "  words nearer than chance and their cosines\n" : "\n";
  for (std::size_t i = 0; i < all.tokens.size(); ++i) {
    const VirtualTokenView& token = all.tokens[i];
    out += fmt::format("{:>5}  {:>7.3f}", i + 1, token.norm);
    if (moved) out += fmt::format("  {:>7.3f}", token.movement);
    if (ran)
      out += fmt::format("  {:>9.4f}  {:>10.4f} ({:+.4f})", token.attention, token.accuracy_without,
                         token.accuracy_without - all.accuracy);
    if (all.comparable) out += "  " + words_of(token, all);
    out += '\n';
  }
  return out;
}

std::string words_verdict(const PromptInspection& all) {
  const auto chance = std::count_if(all.tokens.begin(), all.tokens.end(),
                                    [&](const VirtualTokenView& token) { return is_chance(token, all); });
  if (chance == 0) return "";
  return fmt::format(
      "{} of {} tokens lie no nearer to a word than a random vector does: their words mean nothing\n", chance,
      all.tokens.size());
}

std::string alike(const PromptInspection& all) {
  const std::size_t count = all.similarity.size();
  if (count < 2) return "";
  std::size_t a = 0, b = 1;
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t j = i + 1; j < count; ++j) {
      sum += all.similarity[i][j];
      if (all.similarity[i][j] > all.similarity[a][b]) a = i, b = j;
    }
  return fmt::format("cosine of two virtual tokens: {:.3f} on average, {:.3f} at most (tokens {} and {})\n",
                     sum / (0.5 * static_cast<double>(count * (count - 1))), all.similarity[a][b], a + 1,
                     b + 1);
}

std::string movement_table(const PromptInspection& all) {
  if (all.movement.empty()) return "movement: the adapter does not say where its virtual tokens started\n";
  std::string out = "distance from the start after each epoch\nepoch     mean    least     most\n";
  for (std::size_t epoch = 0; epoch < all.movement.size(); ++epoch) {
    const std::vector<double>& row = all.movement[epoch];
    double sum = 0;
    for (const double value : row) sum += value;
    const auto [least, most] = std::minmax_element(row.begin(), row.end());
    out += fmt::format("{:>5}  {:>7.3f}  {:>7.3f}  {:>7.3f}\n", epoch, sum / static_cast<double>(row.size()),
                       *least, *most);
  }
  return out;
}

std::string accuracy_lines(const PromptInspection& all) {
  const auto count = static_cast<double>(all.examples);
  const Interval interval =
      wilson_interval(static_cast<std::int64_t>(all.accuracy * count + 0.5), all.examples);
  return fmt::format(
      "accuracy on {} texts: {:.4f} with the whole prompt (95 % interval {:.4f} to {:.4f}), {:.4f} without "
      "any "
      "virtual token; one text is {:.4f}\n",
      all.examples, all.accuracy, interval.low, interval.high, all.accuracy_without_prompt, 1 / count);
}

std::string attention_table(const PromptInspection& all) {
  std::string out =
      "what the rows that the head reads look at\nlayer  virtual tokens  special tokens    text\n";
  for (const LayerAttention& layer : all.attention) {
    double prompt = 0;
    for (const double share : layer.virtual_tokens) prompt += share;
    out += fmt::format("{:>5}  {:>14.4f}  {:>14.4f}  {:>6.4f}\n", layer.layer, prompt, layer.special,
                       layer.text);
  }
  return out;
}

}  // namespace

std::string format_inspection(const PromptInspection& inspection) {
  std::string out = head_line(inspection) + '\n' + token_table(inspection) + words_verdict(inspection) +
                    alike(inspection) + '\n' + movement_table(inspection);
  if (inspection.examples > 0) out += '\n' + accuracy_lines(inspection) + '\n' + attention_table(inspection);
  return out;
}

}  // namespace incipit
