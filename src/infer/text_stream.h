#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "incipit/result.h"
#include "incipit/tokenizer.h"

namespace incipit {

/// Turns tokens into text as they come: whole characters only, and nothing of a text that ends it, even
/// where that is made of several tokens.
class TextStream {
 public:
  /// `before`: the ids that the first one follows, which say whether a blank stands between. The tokenizer
  /// and `stop` must outlive it; no text of `stop` is empty.
  TextStream(const Tokenizer& tokenizer, std::span<const std::int32_t> before,
             std::span<const std::string> stop);

  /// The text that is now certain: it is never taken back.
  Result<std::string> feed(std::int32_t id);
  /// What was held back, when no more ids come.
  Result<std::string> finish();
  /// Whether a text of `stop` has come.
  bool stopped() const { return stopped_; }

 private:
  Result<std::string> decode_new(bool last);
  /// Takes out of held_ what can be part of no stop text.
  std::string release(bool last);

  const Tokenizer& tokenizer_;
  std::span<const std::string> stop_;
  std::vector<std::int32_t> ids_;  // those whose text is still open, and some before them
  std::size_t done_ = 0;           // of ids_, those whose text is in held_ or given
  std::string held_;
  bool stopped_ = false;
};

}  // namespace incipit
