#pragma once

#include <cstdint>

#include "experiment/word_table.h"

namespace incipit {

/// How near to a word a vector lies that means nothing.
struct Chance {
  double cosine = 0;       // mean over draws
  double cosine_high = 0;  // 95th percentile
  double distance = 0;     // mean
};

/// Of 100 vectors of a length in directions drawn evenly, each to its nearest word by cosine.
Chance chance_of_nearness(const WordTable& words, double length, std::uint64_t seed);

}  // namespace incipit
