#include "data_info.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "console.h"
#include "labelled_data.h"
#include "numbers.h"
#include "preparation_info.h"

namespace incipit::cli {
namespace {

std::uint64_t count_words(std::string_view text) {
  std::uint64_t words = 0;
  bool inside = false;
  for (const char c : text) {
    const bool blank = c == ' ' || (c >= '\t' && c <= '\r');
    if (!blank && !inside) ++words;
    inside = !blank;
  }
  return words;
}

/// Texts by number of words: none, 1, 2-3, 4-7, … as long as there are any.
struct Lengths {
  std::vector<std::int64_t> bins;
  std::uint64_t longest = 0;
  double mean = 0;
};

Lengths measure_lengths(const Dataset& data) {
  Lengths lengths;
  double sum = 0;
  for (const Example& example : data.examples) {
    const std::uint64_t words =
        count_words(example.text_a) + (example.text_b ? count_words(*example.text_b) : 0);
    const auto bin = static_cast<std::size_t>(std::bit_width(words));
    if (lengths.bins.size() <= bin) lengths.bins.resize(bin + 1, 0);
    ++lengths.bins[bin];
    lengths.longest = std::max(lengths.longest, words);
    sum += static_cast<double>(words);
  }
  if (!data.examples.empty()) lengths.mean = sum / static_cast<double>(data.examples.size());
  return lengths;
}

std::uint64_t first_of(std::size_t bin) {
  return bin == 0 ? 0 : std::uint64_t{1} << (bin - 1);
}
std::uint64_t last_of(std::size_t bin) {
  return (std::uint64_t{1} << bin) - 1;
}

std::string histogram(const Lengths& lengths) {
  constexpr std::int64_t kWidth = 40;
  std::string text =
      fmt::format("words of a text: {:.1f} on average, {} at most\n", lengths.mean, lengths.longest);
  if (lengths.bins.empty()) return text;
  const std::int64_t most = *std::max_element(lengths.bins.begin(), lengths.bins.end());
  for (std::size_t bin = 0; bin < lengths.bins.size(); ++bin) {
    if (lengths.bins[bin] == 0) continue;
    const std::int64_t width = (lengths.bins[bin] * kWidth + most - 1) / most;
    text += fmt::format("{:>8}-{:<8} {:>11}  {}\n", first_of(bin), last_of(bin),
                        with_thousands(lengths.bins[bin]), std::string(static_cast<std::size_t>(width), '#'));
  }
  return text;
}

double share(std::int64_t count, const Dataset& data) {
  return data.examples.empty() ? 0 : static_cast<double>(count) / static_cast<double>(data.examples.size());
}

}  // namespace

std::string data_text(const Dataset& data) {
  std::string text = fmt::format("{}{}\n", summary(data), data.has_pairs() ? " (pairs)" : "");
  if (data.labels.empty()) text += "no labels\n";
  const std::vector<std::int64_t> counts = count_labels(data);
  for (std::size_t i = 0; i < counts.size(); ++i)
    text += fmt::format("{:>11}  {:.4f}  {}\n", with_thousands(counts[i]), share(counts[i], data),
                        one_line(data.labels[i]));
  if (data.preparation.kind != Preparation::Kind::none) text += prepared_text(data);
  text += histogram(measure_lengths(data));
  for (const std::string& warning : data.warnings) text += fmt::format("warning: {}\n", one_line(warning));
  return text;
}

std::string data_json(const Dataset& data) {
  using Json = nlohmann::ordered_json;
  const std::vector<std::int64_t> counts = count_labels(data);
  Json labels = Json::array();
  for (std::size_t i = 0; i < counts.size(); ++i)
    labels.push_back(Json{{"label", data.labels[i]}, {"count", counts[i]}});
  const Lengths lengths = measure_lengths(data);
  Json bins = Json::array();
  for (std::size_t bin = 0; bin < lengths.bins.size(); ++bin)
    bins.push_back(Json{{"from", first_of(bin)}, {"to", last_of(bin)}, {"count", lengths.bins[bin]}});
  Json json;
  json["kind"] = "data";
  json["examples"] = data.examples.size();
  json["pairs"] = data.has_pairs();
  json["labels"] = std::move(labels);
  const std::int64_t most = counts.empty() ? 0 : *std::max_element(counts.begin(), counts.end());
  json["majority_share"] = share(most, data);
  if (data.preparation.kind != Preparation::Kind::none) json["preparation"] = prepared_json(data);
  json["mean_words"] = lengths.mean;
  json["longest_words"] = lengths.longest;
  json["words"] = std::move(bins);
  json["warnings"] = data.warnings;
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace incipit::cli
