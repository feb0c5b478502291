#include "experiment/word_table.h"

#include <algorithm>

#include "backbone/backbone.h"
#include "base/parallel.h"
#include "eval/interval.h"
#include "experiment/vector_math.h"
#include "text/ordinary_words.h"

namespace incipit {

WordTable::WordTable(const Model& model) : model_(model) {
  std::vector<double> norms(static_cast<std::size_t>(model.tokenizer().vocab_size()));
  parallel_for(std::ssize(norms), 1024, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> row(static_cast<std::size_t>(hidden_size()));
    for (auto id = static_cast<std::int32_t>(begin); id < end; ++id) {
      if (!is_ordinary_word(model_.tokenizer(), id)) continue;
      model_.backbone().word_embedding(id, row);
      norms[static_cast<std::size_t>(id)] = incipit::norm(row);
    }
  });
  for (std::size_t id = 0; id < norms.size(); ++id) {
    if (!(norms[id] > 0)) continue;
    ids_.push_back(static_cast<std::int32_t>(id));
    norms_.push_back(norms[id]);
  }
}

double WordTable::median_norm() const {
  if (norms_.empty()) return 0;
  std::vector<double> sorted = norms_;
  std::sort(sorted.begin(), sorted.end());
  return percentile(sorted, 0.5);
}

std::string WordTable::piece(std::int64_t word) const {
  return model_.tokenizer().token(id(word)).value_or("");
}

void WordTable::embedding(std::int64_t word, std::span<float> out) const {
  model_.backbone().word_embedding(id(word), out);
}

}  // namespace incipit
