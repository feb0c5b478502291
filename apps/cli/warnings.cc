#include "warnings.h"

#include <algorithm>

#include <fmt/format.h>

#include "incipit/adapter.h"

#include "console.h"
#include "numbers.h"

namespace incipit::cli {

std::vector<std::uint64_t> hash_texts(std::span<const Example> examples) {
  std::vector<std::uint64_t> hashes;
  hashes.reserve(examples.size());
  for (const Example& example : examples) hashes.push_back(text_hash(example.text_a, example.text_b));
  std::sort(hashes.begin(), hashes.end());
  hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
  return hashes;
}

std::int64_t count_overlap(std::span<const Example> examples, std::span<const std::uint64_t> training_texts) {
  return std::count_if(examples.begin(), examples.end(), [training_texts](const Example& example) {
    return std::binary_search(training_texts.begin(), training_texts.end(),
                              text_hash(example.text_a, example.text_b));
  });
}

void warn_of_overlap(const std::string& adapter, std::int64_t overlap, std::int64_t count) {
  if (overlap == 0) return;
  print_warning(fmt::format("{}: {} of {} texts are among those it was trained on; its figures are too good",
                            adapter, with_thousands(overlap), with_thousands(count)));
}

Status warn_of_unknown_words(const Tokenizer& tokenizer, const std::string& template_text) {
  constexpr double kMuch = 0.1;
  if (template_text.empty()) return {};
  INCIPIT_TRY(const TemplateCheck check, check_template(tokenizer, template_text));
  if (check.unknown_share() > kMuch)
    print_warning(
        fmt::format("template '{}': {} of its {} tokens are unknown to this model's vocabulary, so it reads "
                    "little of it (`incipit tokenize --template` shows what)",
                    one_line(template_text), check.unknown, check.tokens));
  return {};
}

void warn_of_collapse(const Metrics& metrics, std::span<const std::string> labels, const std::string& where) {
  if (!metrics.collapsed_to) return;
  const auto name = [labels](int label) { return labels[static_cast<std::size_t>(label)]; };
  print_warning(
      fmt::format("{}: COLLAPSED: (nearly) every prediction is '{}'; accuracy {:.4f}, always answering '{}' "
                  "has {:.4f}: nothing was learned that tells the classes apart",
                  where, name(*metrics.collapsed_to), metrics.accuracy, name(metrics.majority_class),
                  metrics.majority_accuracy));
}

}  // namespace incipit::cli
