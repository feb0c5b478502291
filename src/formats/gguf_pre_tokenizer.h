#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "incipit/result.h"

namespace incipit {

/// How a byte-level BPE tokenizer splits a text before it merges, in the words of a tokenizer.json.
struct PreTokenizer {
  nlohmann::json normalizer;  // null: none
  nlohmann::json pre_tokenizer;
  bool ignore_merges = false;  // a word that is in the vocabulary as a whole is one token
  bool adds_bos = false;       // unless the file says otherwise
};

/// By tokenizer.ggml.pre: gpt-2, smollm, qwen2, llama-bpe, default. Of the last, which files of before May
/// 2024 have by having none, gpt2 and qwen2 split as their models do, others as llama.cpp does then. Fails
/// listing the known ones.
Result<PreTokenizer> pre_tokenizer_of(std::string_view pre, std::string_view architecture);

}  // namespace incipit
