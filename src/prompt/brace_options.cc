#include "prompt/brace_options.h"

#include <charconv>

namespace incipit {
namespace {

bool is_bare_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

}  // namespace

void BraceScanner::advance(std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i, ++at_)
    if ((static_cast<unsigned char>(source_[at_]) & 0xC0) != 0x80)
      ++column_;  // the first byte of a character
}

void BraceScanner::skip_blanks() {
  while (!at_end() && (source_[at_] == ' ' || source_[at_] == '\t' || source_[at_] == '\n')) advance(1);
}

tl::unexpected<Error> BraceScanner::expected(std::string_view what) const {
  return fail("template, column {}: expected {}{}", column_, what, at_end() ? ", not its end" : "");
}

bool BraceScanner::take_words(std::string& words) {
  bool any = false;
  for (; !at_end(); any = true) {
    if (next_is("{{") || next_is("}}")) {
      words += source_[at_];
      advance(2);
      continue;
    }
    if (source_[at_] == '{' || source_[at_] == '}') break;
    // A command line cannot well hold these two.
    if (next_is("\\n") || next_is("\\t")) {
      words += next_is("\\n") ? '\n' : '\t';
      advance(2);
      continue;
    }
    words += source_[at_];
    advance(1);
  }
  return any;
}

Result<std::string> BraceScanner::take_quoted() {
  const char quote = source_[at_];
  advance(1);
  std::string text;
  for (; !at_end() && source_[at_] != quote; advance(1)) {
    if (source_[at_] != '\\') {
      text += source_[at_];
      continue;
    }
    advance(1);
    if (at_end()) break;
    switch (source_[at_]) {
      case 'n':
        text += '\n';
        break;
      case 't':
        text += '\t';
        break;
      case '\\':
      case '"':
      case '\'':
      case '/':
        text += source_[at_];
        break;
      default:
        return expected(R"(one of \n, \t, \\, \" and \')");
    }
  }
  if (at_end()) return expected(fmt::format("a closing {}", quote));
  advance(1);
  return text;
}

Result<std::string> BraceScanner::take_name() {
  if (!at_end() && (source_[at_] == '"' || source_[at_] == '\'')) return take_quoted();
  std::string name;
  for (; !at_end() && is_bare_word(source_[at_]); advance(1)) name += source_[at_];
  if (name.empty()) return expected("a name");
  return name;
}

Status BraceScanner::take_value(BraceOption& option) {
  if (!at_end() && (source_[at_] == '"' || source_[at_] == '\'')) {
    INCIPIT_TRY(option.text, take_quoted());
    return {};
  }
  const std::size_t column = column_;
  INCIPIT_TRY(const std::string word, take_name());
  if (word == "null" || word == "None") return {};
  if (word == "true" || word == "True" || word == "false" || word == "False") {
    option.truth = word[0] == 't' || word[0] == 'T';
    return {};
  }
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size())
    return fail("template, column {}: '{}' is no value; words stand in quotes", column, word);
  option.number = number;
  return {};
}

Result<std::vector<BraceOption>> BraceScanner::take_braces() {
  std::vector<BraceOption> options;
  if (next_is("}"))
    return fail("template, column {}: a '}}' without its '{{'; a brace itself is written twice", column_);
  advance(1);
  while (true) {
    skip_blanks();
    BraceOption option;
    option.column = column_;
    INCIPIT_TRY(option.name, take_name());
    skip_blanks();
    if (next_is(":")) {
      advance(1);
      skip_blanks();
      INCIPIT_CHECK(take_value(option));
      skip_blanks();
    }
    options.push_back(std::move(option));
    if (next_is("}")) break;
    if (!next_is(",")) return expected("',' or '}'");
    advance(1);
  }
  advance(1);
  return options;
}

}  // namespace incipit
