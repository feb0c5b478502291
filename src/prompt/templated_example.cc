#include "prompt/templated_example.h"

#include <algorithm>

namespace incipit {

void number_positions(TemplatedExample& example, const PositionRule& rule) {
  const std::size_t size = example.token.size();
  const auto embedded = [&](std::size_t i) { return example.token[i] >= 0 || example.entry[i] == 0; };
  // Where virtual tokens are embedded, the model is given embeddings and just counts; from ids RoBERTa skips
  // padding.
  bool embeds_virtual = false;
  for (std::size_t i = 0; i < size; ++i) embeds_virtual |= example.token[i] < 0 && embedded(i);
  std::int32_t next = rule.first;
  example.position.clear();
  for (std::size_t i = 0; i < size; ++i) {
    const bool counted = embeds_virtual || example.token[i] != rule.uncounted_id;
    example.position.push_back(!embedded(i) ? 0 : counted ? next++ : rule.first - 1);
  }
  const auto first_word =
      std::find_if(example.token.begin(), example.token.end(), [](std::int32_t id) { return id >= 0; });
  example.cls = first_word == example.token.end() ? 0 : first_word - example.token.begin();
  example.last = std::max<std::int64_t>(0, example.size() - 1);
  while (example.last > 0 && example.token[static_cast<std::size_t>(example.last)] < 0) --example.last;
}

TemplatedExample without_rows(const TemplatedExample& example, const std::vector<bool>& removed,
                              const PositionRule& rule) {
  TemplatedExample rest;
  rest.truncated = example.truncated;
  rest.mask = example.mask;
  for (std::int64_t i = 0; i < example.size(); ++i) {
    const auto t = static_cast<std::size_t>(i);
    const std::int32_t id = example.token[t];
    if (id < 0 && removed[static_cast<std::size_t>(-1 - id)]) {
      if (i <= example.mask)
        --rest.mask;  // a blank without a token of its own is the last token that is left
      continue;
    }
    rest.token.push_back(id);
    rest.token_type.push_back(example.token_type[t]);
    rest.entry.push_back(example.entry[t]);
  }
  number_positions(rest, rule);
  return rest;
}

}  // namespace incipit
