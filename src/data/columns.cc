#include "data/columns.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "data/text_encoding.h"

namespace incipit {
namespace {

using Names = std::span<const std::string>;
using Index = std::optional<std::size_t>;

// In lower case; the first that a file has is taken. The pairs are those of GLUE: RTE and others, MNLI, QQP,
// QNLI, MRPC.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kPairs{{{"sentence1", "sentence2"},
                                                                               {"premise", "hypothesis"},
                                                                               {"question1", "question2"},
                                                                               {"question", "sentence"},
                                                                               {"#1 string", "#2 string"},
                                                                               {"text_a", "text_b"},
                                                                               {"text1", "text2"},
                                                                               {"text", "text_pair"}}};
constexpr std::array<std::string_view, 4> kTexts{"text", "sentence", "review", "content"};
constexpr std::array<std::string_view, 6> kLabels{"label",        "gold_label", "quality",
                                                  "is_duplicate", "class",      "sentiment"};
constexpr std::array<std::string_view, 5> kIds{"id", "idx", "index", "guid", "uid"};

std::string normalised(std::string_view name) {
  const std::size_t first = name.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  name = name.substr(first, name.find_last_not_of(' ') - first + 1);
  std::string lower(name);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

Index find_name(Names names, std::string_view lower) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (normalised(names[i]) == lower) return i;
  return std::nullopt;
}

Index find_any(Names names, std::span<const std::string_view> usual) {
  for (const std::string_view name : usual)
    if (const Index found = find_name(names, name)) return found;
  return std::nullopt;
}

bool has_usual_name(Names names) {
  const auto is_half_of_pair = [&](const auto& pair) {
    return find_name(names, pair.first) || find_name(names, pair.second);
  };
  return find_any(names, kTexts) || find_any(names, kLabels) || find_any(names, kIds) ||
         std::any_of(kPairs.begin(), kPairs.end(), is_half_of_pair);
}

std::string listing(Names names, ColumnNaming naming) {
  if (names.empty()) return "it has none";
  return (naming == ColumnNaming::fields ? "its fields are " : "its columns are ") + list_in_quotes(names);
}

/// The file's names and how the user's words for them are understood.
class Finder {
 public:
  Finder(Names names, ColumnNaming naming, const std::string& file)
      : names_(names), naming_(naming), file_(file) {}

  /// Of a column that the user named; none where `wanted` is empty.
  Result<Index> given(const std::string& wanted, std::string_view flag) {
    if (wanted.empty()) return Index();
    const auto exact = std::find(names_.begin(), names_.end(), wanted);
    Index found;
    if (exact != names_.end())
      found = static_cast<std::size_t>(exact - names_.begin());
    else
      found = find_name(names_, normalised(wanted));
    if (found) {
      by_name_ = true;
      return found;
    }
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), number);
    const bool is_number = error == std::errc() && end == wanted.data() + wanted.size();
    if (naming_ == ColumnNaming::columns && is_number && number >= 1 && number <= names_.size()) {
      by_number_ = true;
      return Index(number - 1);
    }
    return fail("{}: has no {} {} ({}); {}", file_, naming_ == ColumnNaming::fields ? "field" : "column",
                in_quotes(wanted), flag, listing(names_, naming_));
  }

  /// Whether the names are data: all that was given are numbers, and nothing looks like a name.
  bool is_headerless() const { return by_number_ && !by_name_ && !has_usual_name(names_); }

  tl::unexpected<Error> not_found(std::string_view what, std::string_view flag) const {
    return fail(
        "{}: found no {}; {}; name it by {}{}", file_, what, listing(names_, naming_), flag,
        naming_ == ColumnNaming::fields ? "" : " (a name, or a number from 1 where the file has no header)");
  }

 private:
  Names names_;
  ColumnNaming naming_;
  const std::string& file_;
  bool by_name_ = false, by_number_ = false;
};

/// Fills in the texts that the user did not name; false where there is none.
bool find_texts(Names names, Index text, ColumnIndices& columns) {
  for (const auto& [first, second] : kPairs) {
    if (text || columns.text_pair) break;
    const Index a = find_name(names, first), b = find_name(names, second);
    if (!a || !b) continue;
    text = a;
    columns.text_pair = b;
  }
  if (!text && columns.text_pair) {
    for (const auto& [first, second] : kPairs)
      if (find_name(names, second) == columns.text_pair && !text) text = find_name(names, first);
  }
  if (!text) text = find_any(names, kTexts);
  if (text) columns.text = *text;
  return text.has_value();
}

}  // namespace

Result<ColumnIndices> find_columns(Names names, const DataOptions& options, ColumnNaming naming,
                                   const std::string& file) {
  Finder finder(names, naming, file);
  ColumnIndices columns;
  INCIPIT_TRY(const Index text, finder.given(options.columns.text, "--text"));
  INCIPIT_TRY(columns.text_pair, finder.given(options.columns.text_pair, "--text-pair"));
  INCIPIT_TRY(columns.label, finder.given(options.columns.label, "--label"));
  columns.header = !finder.is_headerless();
  if (columns.header) {
    if (!find_texts(names, text, columns)) return finder.not_found("text", "--text");
    if (!columns.label) columns.label = find_any(names, kLabels);
    columns.id = find_any(names, kIds);
  } else {
    if (!text) return finder.not_found("text", "--text");
    columns.text = *text;
  }
  if (options.labels_required && !columns.label) return finder.not_found("label", "--label");
  if (columns.text_pair == columns.text) return fail("{}: --text and --text-pair name the same column", file);
  if (columns.label == columns.text || (columns.label && columns.label == columns.text_pair))
    return fail("{}: {} is named both as text and as label", file, in_quotes(names[*columns.label]));
  return columns;
}

}  // namespace incipit
