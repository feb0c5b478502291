#include "labelled_data.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "console.h"
#include "flags.h"
#include "numbers.h"

namespace incipit::cli {
namespace {

/// "0", "1", … for LABEL_0, LABEL_1, …
std::optional<std::vector<std::string>> numbers_for(const std::vector<std::string>& labels) {
  std::vector<std::string> numbers;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    numbers.push_back(std::to_string(i));
    if (labels[i] != "LABEL_" + numbers.back()) return std::nullopt;
  }
  return numbers;
}

Result<Dataset> read_with_labels(const std::filesystem::path& path, DataOptions& options,
                                 const std::vector<std::string>& labels) {
  options.labels = labels;
  Result<Dataset> data = read_dataset(path, options);
  if (data) return data;
  const auto numbers = numbers_for(labels);
  if (!numbers || numbers->empty() || path == "-") return data;  // standard input can't be read twice
  options.labels = *numbers;
  Result<Dataset> numbered = read_dataset(path, options);
  return numbered ? numbered : data;
}

}  // namespace

Result<Dataset> read_labelled(const std::filesystem::path& path, DataOptions options,
                              const std::vector<std::string>& labels) {
  options.labels_required = true;
  INCIPIT_TRY(Dataset data, read_with_labels(path, options, labels));
  print_warnings(data);
  if (data.examples.empty()) return fail("{}: holds no texts", path.string());
  return data;
}

std::vector<std::int64_t> count_labels(const Dataset& data) {
  std::vector<std::int64_t> counts(data.labels.size(), 0);
  for (const Example& example : data.examples)
    if (example.label >= 0) ++counts.at(static_cast<std::size_t>(example.label));
  return counts;
}

std::string summary(const Dataset& data) {
  constexpr std::size_t kShown = 8;
  const std::vector<std::int64_t> counts = count_labels(data);
  std::string text = fmt::format("{} texts", with_thousands(static_cast<std::int64_t>(data.examples.size())));
  if (counts.empty()) return text;
  for (std::size_t i = 0; i < std::min(counts.size(), kShown); ++i)
    text += fmt::format("{} {} {}", i == 0 ? ":" : ",", data.labels[i], with_thousands(counts[i]));
  if (counts.size() > kShown) text += fmt::format(" and {} more labels", counts.size() - kShown);
  const auto most = static_cast<std::size_t>(std::max_element(counts.begin(), counts.end()) - counts.begin());
  return text + fmt::format("; always answering '{}' would be right on {:.4f}", data.labels[most],
                            static_cast<double>(counts[most]) / static_cast<double>(data.examples.size()));
}

}  // namespace incipit::cli
