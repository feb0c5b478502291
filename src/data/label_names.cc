#include "data/label_names.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace incipit {
namespace {

struct Name {
  std::string text;
  int number;
  std::optional<double> value;  // where the text is a number
};

std::optional<double> value_of(const std::string& text) {
  double value = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  if (error != std::errc() || end != last || !std::isfinite(value)) return std::nullopt;
  return value;
}

}  // namespace

LabelNames::LabelNames(const std::vector<std::string>& known) {
  for (const std::string& name : known) number(name);
}

int LabelNames::number(const std::string& name) {
  const auto [entry, is_new] = numbers_.try_emplace(name, static_cast<int>(names_.size()));
  if (is_new) names_.push_back(name);
  return entry->second;
}

std::vector<int> LabelNames::sort() {
  std::vector<Name> order;
  bool all_values = true;
  for (const std::string& name : names_) {
    order.push_back({name, static_cast<int>(order.size()), value_of(name)});
    all_values &= order.back().value.has_value();
  }
  std::sort(order.begin(), order.end(), [all_values](const Name& a, const Name& b) {
    if (all_values && a.value != b.value) return a.value < b.value;
    return a.text < b.text;
  });
  std::vector<int> becomes(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    names_[i] = order[i].text;
    numbers_[order[i].text] = static_cast<int>(i);
    becomes[static_cast<std::size_t>(order[i].number)] = static_cast<int>(i);
  }
  return becomes;
}

}  // namespace incipit
