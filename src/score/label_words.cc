#include "score/label_words.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace incipit {
namespace {

using nlohmann::json;

constexpr std::string_view kNoBlank = "<!>";

Result<LabelWord> make_word(std::string word, double weight, bool blank_before, const Tokenizer& tokenizer) {
  LabelWord made;
  const bool joined = word.starts_with(kNoBlank);
  if (joined) word.erase(0, kNoBlank.size());
  if (!(weight > 0) || !std::isfinite(weight))
    return fail("word \"{}\": its weight is {}, a positive number is needed", word, weight);
  made.filling = blank_before && !joined && !word.starts_with(' ') ? " " + word : word;
  INCIPIT_TRY(made.ids, tokenizer.encode_words(made.filling));
  if (made.ids.empty()) return fail("word \"{}\" has no tokens", word);
  const auto unknown = tokenizer.unknown_id();
  if (unknown && std::find(made.ids.begin(), made.ids.end(), *unknown) != made.ids.end())
    return fail("word \"{}\" is unknown to the model's vocabulary", word);
  made.word = std::move(word);
  made.weight = weight;
  return made;
}

Result<std::vector<LabelWord>> words_of(const json& value, const std::string& label, bool blank_before,
                                        const Tokenizer& tokenizer) {
  std::vector<LabelWord> words;
  const auto add = [&](std::string word, double weight) -> Status {
    INCIPIT_TRY(LabelWord made, make_word(std::move(word), weight, blank_before, tokenizer));
    words.push_back(std::move(made));
    return {};
  };
  if (value.is_string()) {
    INCIPIT_CHECK(add(value.get<std::string>(), 1));
  } else if (value.is_array()) {
    for (const json& word : value) {
      if (!word.is_string()) return fail("label \"{}\": {} is not a word", label, word.dump());
      INCIPIT_CHECK(add(word.get<std::string>(), 1));
    }
  } else if (value.is_object()) {
    for (const auto& [word, weight] : value.items()) {
      if (!weight.is_number()) return fail("label \"{}\": the weight of \"{}\" is not a number", label, word);
      INCIPIT_CHECK(add(word, weight.get<double>()));
    }
  } else {
    return fail("label \"{}\": a word, a list of words, or words with weights are needed", label);
  }
  if (words.empty()) return fail("label \"{}\" has no words", label);
  return words;
}

/// What the text says of each label, in the labels' order.
Result<std::vector<json>> by_label(const json& whole, std::span<const std::string> labels) {
  if (whole.is_array()) {
    if (whole.size() != labels.size())
      return fail("{} lists of words for {} labels ({})", whole.size(), labels.size(),
                  fmt::join(labels, ", "));
    return whole.get<std::vector<json>>();
  }
  if (!whole.is_object()) return fail("an object of label and words, or a list of lists, is needed");
  std::vector<json> values;
  for (const auto& [label, value] : whole.items())
    if (std::find(labels.begin(), labels.end(), label) == labels.end())
      return fail("label \"{}\" is none of {}", label, fmt::join(labels, ", "));
  for (const std::string& label : labels) {
    if (!whole.contains(label)) return fail("label \"{}\" has no words", label);
    values.push_back(whole.at(label));
  }
  return values;
}

Status check_distinct(const LabelWords& words) {
  std::map<std::vector<std::int32_t>, std::size_t> seen;
  for (std::size_t label = 0; label < words.size(); ++label)
    for (const LabelWord& word : words[label])
      if (const auto [at, is_new] = seen.emplace(word.ids, label); !is_new)
        return fail("word \"{}\" is given twice", word.word);
  return {};
}

}  // namespace

Result<LabelWords> read_label_words(std::string_view json_text, std::span<const std::string> labels,
                                    bool blank_before, const Tokenizer& tokenizer) {
  const json whole = json::parse(json_text, nullptr, false);
  if (whole.is_discarded()) return fail("verbalizer: not JSON: {}", json_text.substr(0, 80));
  const auto named = [](const Error& error) { return fail("verbalizer: {}", error.message); };
  const auto values = by_label(whole, labels);
  if (!values) return named(values.error());
  LabelWords words;
  for (std::size_t label = 0; label < labels.size(); ++label) {
    auto made = words_of((*values)[label], labels[label], blank_before, tokenizer);
    if (!made) return named(made.error());
    words.push_back(std::move(*made));
  }
  if (const Status distinct = check_distinct(words); !distinct) return named(distinct.error());
  return words;
}

}  // namespace incipit
