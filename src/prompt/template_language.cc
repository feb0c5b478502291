#include "prompt/template_language.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/text_width.h"
#include "prompt/brace_options.h"

namespace incipit {
namespace {

using Kind = TemplatePart::Kind;

constexpr std::int64_t kMostSoftTokens = 100000;

/// The kind of a part that its one option, such as {"mask"} or {mask}, says.
std::optional<Kind> plain_kind(std::string_view name) {
  if (name == "text_a") return Kind::text_a;
  if (name == "text_b") return Kind::text_b;
  if (name == "mask") return Kind::mask;
  if (name == "soft") return Kind::soft;
  return std::nullopt;
}

tl::unexpected<Error> at(std::size_t column, const std::string& message) {
  return fail("template, column {}: {}", column, message);
}

/// A name of the template's for an error, which is one line whatever the name holds.
std::string shown(std::string_view name) {
  constexpr std::size_t kColumns = 60;
  return fit_on_line(name, kColumns);
}

constexpr std::string_view kKnownParts =
    "{text_a}, {text_b}, {mask}, {soft}, {\"placeholder\":…}, {\"special\":…} and {\"text\":…} are known; a "
    "brace itself is written twice";

/// Applies one option of a part in braces. The first that says what the part is sets its kind.
Status apply_option(const BraceOption& option, bool& has_kind, TemplatePart& part) {
  const auto takes_kind = [&](Kind kind) -> Status {
    if (has_kind) return at(option.column, fmt::format("'{}': the part already is something", option.name));
    has_kind = true;
    part.kind = kind;
    return {};
  };
  const auto text = [&](const char* what) -> Result<std::string> {
    if (!option.text) return at(option.column, fmt::format("'{}' needs {} in quotes", option.name, what));
    return *option.text;
  };
  const auto truth = [&](bool& value) -> Status {
    if (!option.truth) return at(option.column, fmt::format("'{}' is true or false", option.name));
    value = *option.truth;
    return {};
  };
  const auto number = [&](std::int64_t& value) -> Status {
    if (!option.number || *option.number < 1 || *option.number > kMostSoftTokens)
      return at(option.column, fmt::format("'{}' is a number from 1 to {}", option.name, kMostSoftTokens));
    value = *option.number;
    return {};
  };

  if (option.name == "placeholder") {
    INCIPIT_TRY(const std::string which, text("text_a or text_b"));
    if (which != "text_a" && which != "text_b")
      return at(option.column, fmt::format("placeholder '{}': text_a and text_b are known", shown(which)));
    part.shortenable = true;
    return takes_kind(which == "text_a" ? Kind::text_a : Kind::text_b);
  }
  if (option.name == "soft") {
    if (option.text) part.text = *option.text;
    if (option.truth || option.number) return at(option.column, "'soft' takes words in quotes, or nothing");
    return takes_kind(Kind::soft);
  }
  if (option.name == "mask" && option.is_bare()) return takes_kind(Kind::mask);
  if (option.name == "special") {
    INCIPIT_TRY(part.text, text("a token's spelling"));
    return takes_kind(Kind::special);
  }
  if (option.name == "text") {
    INCIPIT_TRY(part.text, text("words"));
    return takes_kind(Kind::words);
  }
  if (option.name == "shortenable") return truth(part.shortenable);
  if (option.name == "same") return truth(part.same);
  if (option.name == "soft_id") return number(part.soft_id);
  if (option.name == "duplicate") return number(part.count);
  if (option.name == "post_processing")
    return at(option.column, "'post_processing' is code; templates are data and nothing of them is run");
  return at(option.column, fmt::format("'{}' is not a part; {}", shown(option.name), kKnownParts));
}

Result<TemplatePart> part_of(const std::vector<BraceOption>& options, std::size_t column) {
  TemplatePart part;
  part.column = column;
  bool has_kind = false;
  if (options.size() == 1 && options.front().is_bare()) {
    const auto kind = plain_kind(options.front().name);
    if (!kind)
      return at(options.front().column,
                fmt::format("'{}' is not a part; {}", shown(options.front().name), kKnownParts));
    part.kind = *kind;
    part.shortenable = *kind == Kind::text_a || *kind == Kind::text_b;
    return part;
  }
  // What the part is comes first, so that an option can contradict its default.
  for (const bool kinds : {true, false})
    for (const BraceOption& option : options) {
      constexpr std::array kKinds = {"placeholder", "soft", "mask", "special", "text"};
      const bool is_kind = std::find(kKinds.begin(), kKinds.end(), option.name) != kKinds.end();
      if (is_kind == kinds) INCIPIT_CHECK(apply_option(option, has_kind, part));
    }
  if (!has_kind && part.soft_id > 0) has_kind = true, part.kind = Kind::soft;
  if (!has_kind) return at(column, fmt::format("nothing says what this part is; {}", kKnownParts));
  const bool soft = part.kind == Kind::soft;
  if (!soft && (part.soft_id > 0 || part.count > 1 || part.same))
    return at(column, "soft_id, duplicate and same are for soft parts");
  if (soft && !part.text.empty() && (part.count > 1 || part.same))
    return at(column, "duplicate and same are for soft parts without words");
  if (part.shortenable && (soft || part.kind == Kind::mask || part.kind == Kind::special))
    return at(column, "only words and inputs are shortenable");
  return part;
}

/// Blanks at the end of words belong to the first token of what follows.
void move_blank(std::string& words, bool& blank) {
  const std::size_t end = words.find_last_not_of(' ');
  const std::size_t kept = end == std::string::npos ? 0 : end + 1;
  blank = kept < words.size();
  words.resize(kept);
}

}  // namespace

Result<std::vector<TemplatePart>> parse_template(std::string_view source) {
  std::vector<TemplatePart> parts;
  std::string words;
  std::size_t words_column = 1;
  BraceScanner scanner(source);
  const auto end_words = [&](bool last) {
    bool blank = false;
    if (!last) move_blank(words, blank);
    if (!words.empty()) {
      TemplatePart part;
      part.text = std::move(words);
      part.column = words_column;
      parts.push_back(std::move(part));
    }
    words.clear();
    return blank;
  };
  while (!scanner.at_end()) {
    if (words.empty()) words_column = scanner.column();
    if (scanner.take_words(words)) continue;
    const std::size_t column = scanner.column();
    INCIPIT_TRY(const std::vector<BraceOption> options, scanner.take_braces());
    const bool blank = end_words(false);
    INCIPIT_TRY(TemplatePart part, part_of(options, column));
    part.blank_before = blank;
    parts.push_back(std::move(part));
  }
  end_words(true);
  if (parts.empty()) return fail("the template is empty");
  return parts;
}

}  // namespace incipit
