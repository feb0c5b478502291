#include "data/split.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/rng.h"
#include "data/split_folder.h"

namespace incipit {
namespace {

/// In [0, 1), the same for equal texts. The separator keeps ("ab", "c") apart from ("a", "bc").
double position_of(const Example& example, std::uint64_t seed) {
  std::uint64_t hash = 0;
  if (example.text_b) {
    const std::string joined = example.text_a + '\x1f' + *example.text_b;
    hash = XXH3_64bits(joined.data(), joined.size());
  } else {
    hash = XXH3_64bits(example.text_a.data(), example.text_a.size());
  }
  return static_cast<double>(mix_bits(seed, hash) >> 11) * 0x1p-53;
}

/// hold_out must not follow the cut between parts: with the same seed it divides the part `train` once more.
constexpr std::uint64_t kHoldOutSalt = 0x686f6c64206f7574;

}  // namespace

std::optional<Part> part_by_name(std::string_view name) {
  for (const std::string& alias : split_aliases(name)) {
    if (alias == "train") return Part::train;
    if (alias == "validation") return Part::validation;
    if (alias == "test") return Part::test;
  }
  return std::nullopt;
}

Part part_of(const Example& example, std::uint64_t seed) {
  const double position = position_of(example, seed);
  if (position < 0.8) return Part::train;
  return position < 0.9 ? Part::validation : Part::test;
}

TrainingSplit hold_out(Dataset dataset, double fraction, std::uint64_t seed) {
  TrainingSplit split;
  split.train.labels = split.held_out.labels = dataset.labels;
  split.train.preparation = split.held_out.preparation = dataset.preparation;
  split.train.warnings = std::move(dataset.warnings);
  for (Example& example : dataset.examples) {
    const bool held = position_of(example, seed ^ kHoldOutSalt) < fraction;
    (held ? split.held_out : split.train).examples.push_back(std::move(example));
  }
  return split;
}

Dataset sample(Dataset dataset, std::size_t count, std::uint64_t seed) {
  if (count >= dataset.examples.size()) return dataset;
  std::vector<std::size_t> chosen(dataset.examples.size());
  std::iota(chosen.begin(), chosen.end(), std::size_t{0});
  Rng(seed).shuffle(std::span(chosen));
  chosen.resize(count);
  std::sort(chosen.begin(), chosen.end());
  std::vector<Example> examples;
  examples.reserve(count);
  for (const std::size_t index : chosen) examples.push_back(std::move(dataset.examples[index]));
  dataset.examples = std::move(examples);
  return dataset;
}

}  // namespace incipit
