#pragma once

#include <cstdint>

#include "incipit/tokenizer.h"

namespace incipit {

/// Whether an id stands for a piece of text: no special token, nor one that the vocabulary keeps in reserve
/// ("[unused7]", RoBERTa's "madeupword0001"), whose embedding nobody trained.
bool is_ordinary_word(const Tokenizer& tokenizer, std::int32_t id);

}  // namespace incipit
