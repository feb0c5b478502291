#pragma once

#include <cstdint>
#include <vector>

#include "incipit/inspect.h"

#include "experiment/word_table.h"
#include "tensor/matrix.h"

namespace incipit {

/// For each row of `vectors` [vectors, hidden] the `count` words of the greatest cosine, nearest first; of
/// equals the lower id. Fewer where the vocabulary has fewer.
std::vector<std::vector<NearWord>> near_words(const WordTable& words, ConstMatrixView vectors,
                                              std::int64_t count);

}  // namespace incipit
