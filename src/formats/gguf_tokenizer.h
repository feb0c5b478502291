#pragma once

#include <string>

#include "incipit/result.h"

#include "formats/gguf.h"

namespace incipit {

/// The file's tokenizer as the text of a tokenizer.json: byte-level BPE (tokenizer.ggml.model "gpt2"),
/// control tokens as special ones, the beginning-of-text token in front where the file asks for it. Fails
/// naming file and key: another model, an unknown pre-tokenizer, no tokens or merges, tokens that are not
/// UTF-8 or occur twice, merges of unknown tokens, ids out of range.
Result<std::string> gguf_tokenizer_json(const GgufFile& file);

}  // namespace incipit
