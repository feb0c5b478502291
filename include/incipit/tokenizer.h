#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "incipit/result.h"

namespace incipit {

/// One text or pair as the model reads it, special tokens included.
struct Encoding {
  std::vector<std::int32_t> ids;
  std::vector<std::int8_t> type_ids;  // same length as ids
  std::int64_t truncated = 0;         // tokens of the texts that did not fit
};

/// A tokenizer.json, run by the reference implementation (the Rust crate `tokenizers`). Immutable and
/// thread-safe; copies share one instance. Truncation and padding stored in the file are ignored: the caller
/// says how long a sequence may be.
class Tokenizer {
 public:
  /// From a tokenizer.json or a folder that holds one.
  static Result<Tokenizer> load(const std::filesystem::path& path);
  /// From the text of a tokenizer.json; `source` is the file that it came from, for messages.
  static Result<Tokenizer> from_json(std::string_view json, const std::filesystem::path& source);

  /// A text or a pair with its special tokens, at most `max_length` ids: truncated on the right, pairs
  /// longest_first as the Rust tokenizers do it. An empty text_b is still a pair. Fails when `max_length`
  /// does not even hold the special tokens, or a text is not valid UTF-8.
  Result<Encoding> encode(std::string_view text_a, std::optional<std::string_view> text_b,
                          std::int64_t max_length) const;

  /// Ids of a text without special tokens or truncation.
  Result<std::vector<std::int32_t>> encode_words(std::string_view text) const;

  /// The vocabulary's piece for an id, as written in the file (such as "Ġgood" or "##ing"); none if unknown.
  std::optional<std::string> token(std::int32_t id) const;
  std::optional<std::int32_t> id(std::string_view token) const;
  /// Readable text of some ids.
  Result<std::string> decode(const std::vector<std::int32_t>& ids, bool skip_special_tokens) const;
  /// Ids are in [0, vocab_size()), added tokens included.
  std::int64_t vocab_size() const;
  /// Whether the id is one of the file's special tokens (such as [CLS] or <pad>).
  bool is_special(std::int32_t id) const;
  /// The token that stands for what the vocabulary cannot spell ([UNK], <unk>); none where every byte has a
  /// token.
  std::optional<std::int32_t> unknown_id() const;

 private:
  struct Handle;
  explicit Tokenizer(std::shared_ptr<const Handle> handle);
  std::shared_ptr<const Handle> handle_;
};

}  // namespace incipit
