#include "preparation_info.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "console.h"
#include "numbers.h"

namespace incipit::cli {
namespace {

constexpr std::size_t kBatch = 64;  // the report's for movie reviews

std::size_t count_batches(const Dataset& data) {
  return (data.examples.size() + kBatch - 1) / kBatch;
}

void add_words(std::string_view text, std::unordered_set<std::string_view>& words) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.insert(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

/// Different words; the lost one is one of them.
std::size_t count_vocabulary(const Dataset& data) {
  std::unordered_set<std::string_view> words;
  for (const Example& example : data.examples) {
    add_words(example.text_a, words);
    if (example.text_b) add_words(*example.text_b, words);
  }
  if (!data.preparation.lost_word.empty()) words.insert(data.preparation.lost_word);
  return words.size();
}

std::string thousands(std::size_t count) {
  return with_thousands(static_cast<std::int64_t>(count));
}

}  // namespace

std::string preparation_text(const Preparation& preparation) {
  std::string text(name_of(preparation.kind));
  if (!preparation.lost_word.empty()) text += fmt::format(", without '{}'", preparation.lost_word);
  return text;
}

std::string prepared_text(const Dataset& data) {
  return fmt::format(
      "prepared by {}: the longest text had {} words, cleaned and not cut yet; vocabulary of {} words; "
      "batches of {}: {}\n",
      one_line(preparation_text(data.preparation)), thousands(data.longest_prepared),
      thousands(count_vocabulary(data)), kBatch, thousands(count_batches(data)));
}

nlohmann::ordered_json prepared_json(const Dataset& data) {
  nlohmann::ordered_json json;
  json["name"] = name_of(data.preparation.kind);
  if (!data.preparation.lost_word.empty()) json["lost_word"] = data.preparation.lost_word;
  json["longest_words"] = data.longest_prepared;
  json["vocabulary"] = count_vocabulary(data);
  json["batches_of_64"] = count_batches(data);
  return json;
}

}  // namespace incipit::cli
