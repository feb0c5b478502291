#include "infer/lower_layers.h"

#include <algorithm>
#include <utility>

namespace incipit {
namespace {

/// Texts are run in batches of exactly so many tokens, filled up with single ones, or alone where they are
/// longer: a matmul may sum in another order for another count, and then a row would depend on what is run
/// with it.
constexpr std::int64_t kRunTokens = 512;

MatrixView part(MatrixView all, std::int64_t first, std::int64_t count) {
  return {all.row(first), count, all.cols, all.stride};
}

}  // namespace

std::int64_t count_words(const TemplatedExample& example) {
  return std::count_if(example.token.begin(), example.token.end(), [](std::int32_t id) { return id >= 0; });
}

std::int64_t layer_of_prompt(const TemplatedExample& example) {
  std::int64_t layer = -1;
  if (count_words(example) == 0) return 0;
  for (std::size_t t = 0; t < example.token.size(); ++t) {
    const std::int64_t entry = example.entry[t];
    if (example.token[t] >= 0) {
      if (entry != 0) return 0;
    } else if (layer < 0) {
      layer = entry;
    } else if (entry != layer) {
      return 0;
    }
  }
  return std::max<std::int64_t>(layer, 0);
}

LowerLayers::LowerLayers(const Model& model, ActivationCacheOptions options,
                         std::function<void(const std::string&)> warn)
    : backbone_(model.backbone()),
      cache_(model, std::move(options), std::move(warn)),
      pass_(backbone_.new_pass()) {}

Status LowerLayers::rows_at(std::span<const Item> items, MatrixView rows) {
  std::vector<Missing> missing;
  const auto look = [&](const Missing& wanted) {
    const bool found =
        cache_.find(wanted.item.layer, wanted.key, part(rows, wanted.item.first_row, wanted.words));
    if (found) ++use_.found;
    return found;
  };
  for (const Item& item : items) {
    const Missing wanted{item, key_of_words(*item.example), count_words(*item.example)};
    if (!look(wanted)) missing.push_back(wanted);
  }
  if (missing.empty()) return {};
  std::stable_sort(missing.begin(), missing.end(),
                   [](const Missing& a, const Missing& b) { return a.item.layer < b.item.layer; });
  for (auto first = missing.begin(); first != missing.end();) {
    const std::int64_t layer = first->item.layer;
    auto end = std::find_if(first, missing.end(), [&](const Missing& m) { return m.item.layer != layer; });
    cache_.refresh(layer);
    const auto run_end = std::remove_if(first, end, look);
    INCIPIT_CHECK(run({first, run_end}, rows));
    use_.run += run_end - first;
    first = end;
  }
  return {};
}

Status LowerLayers::run(std::span<const Missing> missing, MatrixView rows) {
  for (std::size_t first = 0, end = 0; first < missing.size(); first = end) {
    std::int64_t tokens = 0;
    while (end < missing.size() && (end == first || tokens + missing[end].words <= kRunTokens))
      tokens += missing[end++].words;
    const std::span<const Missing> together = missing.subspan(first, end - first);
    pack(together);
    INCIPIT_CHECK(backbone_.hidden_states(batch_, {}, together.front().item.layer, *pass_, hidden_));
    std::vector<ActivationCache::Rows> kept;
    std::int64_t from = 0;
    for (const Missing& one : together) {
      const MatrixView own = part(rows, one.item.first_row, one.words);
      std::copy_n(hidden_.row(from), one.words * own.cols, own.data);
      kept.push_back({one.key, own});
      from += one.words;
    }
    cache_.keep(together.front().item.layer, kept);
  }
  return {};
}

void LowerLayers::pack(std::span<const Missing> missing) {
  batch_.clear();
  for (const Missing& one : missing) {
    const TemplatedExample& example = *one.item.example;
    const std::int64_t first = batch_.size();
    for (std::size_t t = 0; t < example.token.size(); ++t) {
      if (example.token[t] < 0) continue;
      batch_.token.push_back(example.token[t]);
      batch_.position.push_back(example.position[t]);
      batch_.token_type.push_back(example.token_type[t]);
      batch_.entry.push_back(0);
    }
    batch_.sequences.push_back({first, batch_.size() - first});
  }
  while (batch_.size() < kRunTokens) {
    batch_.sequences.push_back({batch_.size(), 1});
    batch_.token.push_back(0);
    batch_.position.push_back(backbone_.spec().positions.first);
    batch_.token_type.push_back(0);
    batch_.entry.push_back(0);
  }
}

}  // namespace incipit
