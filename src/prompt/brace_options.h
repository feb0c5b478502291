#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "incipit/result.h"

namespace incipit {

/// One option of a part in braces: a name and, after a colon, its value. A value of null counts as none.
struct BraceOption {
  std::string name;
  std::size_t column = 1;
  std::optional<std::string> text;
  std::optional<std::int64_t> number;
  std::optional<bool> truth;

  bool is_bare() const { return !text && !number && !truth; }
};

/// Walks through a template: words, and parts in braces. Options are written as in JSON or as in Python,
/// which is what OpenPrompt's templates are: 'single' or "double" quotes, True or true, None or null.
class BraceScanner {
 public:
  explicit BraceScanner(std::string_view source) : source_(source) {}

  bool at_end() const { return at_ == source_.size(); }
  std::size_t column() const { return column_; }  // in characters, from 1

  /// Adds the words up to the next part to `words`; doubled braces become one. False where a part begins.
  bool take_words(std::string& words);
  /// The options of the part that begins here.
  Result<std::vector<BraceOption>> take_braces();

 private:
  bool next_is(std::string_view text) const { return source_.substr(at_).starts_with(text); }
  void advance(std::size_t bytes);
  void skip_blanks();
  tl::unexpected<Error> expected(std::string_view what) const;
  Result<std::string> take_quoted();
  Result<std::string> take_name();
  Status take_value(BraceOption& option);

  std::string_view source_;
  std::size_t at_ = 0;
  std::size_t column_ = 1;
};

}  // namespace incipit
