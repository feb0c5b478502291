#include "sample_prompt.h"

#include <algorithm>

namespace incipit {
namespace {

constexpr const char* kWords[] = {"good",  "bad",    "film",   "movie",  "story",   "##ing", "boring",
                                  "great", "acting", "plot",   "moving", "funny",   "slow",  "the",
                                  "of",    "never",  "always", "提示",   "Ġtender", "##ly"};
constexpr int kEpochs = 4, kFirstLayer = 6, kLayers = 12;

}  // namespace

PromptInspection sample_prompt(int tokens, bool late, std::mt19937& random) {
  std::uniform_real_distribution<double> uniform(0, 1);
  std::normal_distribution<double> normal(0, 1);
  const auto count = static_cast<std::size_t>(tokens);
  PromptInspection prompt;
  prompt.comparable = !late;
  prompt.insert_layer = late ? kFirstLayer : 0;
  prompt.random_cosine = 0.17;
  prompt.random_cosine_high = 0.21;
  prompt.random_distance = 1.6;
  prompt.median_word_norm = 1.4;
  prompt.explained = 0.12;
  prompt.examples = 100;
  prompt.accuracy = 0.81;
  prompt.accuracy_without_prompt = 0.55;
  for (std::size_t i = 0; i < count; ++i) {
    VirtualTokenView& token = prompt.tokens.emplace_back();
    const double nearest = i % 3 == 0 ? 0.19 : 0.3 + 0.5 * uniform(random);
    for (int k = 0; k < 5 && !late; ++k) {
      const char* word = kWords[(i * 3 + static_cast<std::size_t>(k) * 7) % std::size(kWords)];
      token.nearest.push_back({k, word, nearest - 0.03 * k, 1.1 + 0.1 * k});
    }
    token.norm = late ? 14 + normal(random) : 1.4 + 0.2 * normal(random);
    token.movement = 0.5 + 0.2 * uniform(random);
    token.attention = 0.3 / tokens;
    token.accuracy_without = 0.81 - 0.02 * static_cast<double>(i % 4) + (i == 1 ? 0.05 : 0);
    token.x = 0.6 * normal(random);
    token.y = 0.6 * normal(random);
    std::vector<double>& row = prompt.similarity.emplace_back();
    for (std::size_t k = 0; k < count; ++k)
      row.push_back(k == i ? 1 : k < i ? prompt.similarity[k][i] : 0.4 * normal(random));
  }
  for (int epoch = 1; epoch <= kEpochs; ++epoch) {
    std::vector<double>& moved = prompt.movement.emplace_back();
    for (const VirtualTokenView& token : prompt.tokens) moved.push_back(token.movement * epoch / kEpochs);
  }
  if (!late)
    for (const char* word : kWords)
      prompt.near_words.push_back({word, 0.4 * normal(random), 0.4 * normal(random)});
  for (int i = 0; i < 300 && !late; ++i)
    prompt.other_words.push_back({"other", normal(random), normal(random)});
  for (int layer = late ? kFirstLayer : 0; layer < kLayers; ++layer) {
    LayerAttention& attention = prompt.attention.emplace_back();
    attention.layer = layer;
    const double share = 0.05 + 0.5 * uniform(random);
    attention.virtual_tokens.assign(count, share / tokens);
    attention.special = (1 - share) * 0.4;
    attention.text = 1 - share - attention.special;
  }
  return prompt;
}

}  // namespace incipit
