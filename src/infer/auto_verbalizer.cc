#include "infer/auto_verbalizer.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <nlohmann/json.hpp>

#include "backbone/backbone.h"
#include "infer/features.h"
#include "prompt/template.h"
#include "score/lm_head.h"
#include "text/ordinary_words.h"

namespace incipit {
namespace {

constexpr std::int64_t kRowsAtOnce = 16;       // whose logits over the vocabulary are held
constexpr std::size_t kMostCandidates = 1000;  // words that are likely enough to be looked at

/// The template with a blank: a causal model goes on where the text ends.
Result<std::string> with_blank(const Model& model, std::string template_text) {
  if (template_text.empty()) template_text = "{text_a}";
  const bool is_causal = model.backbone().spec().is_causal;
  INCIPIT_TRY(const Template made, Template::create(template_text, 0, 0, model.tokenizer(), is_causal));
  if (made.has_mask()) return template_text;
  if (!is_causal) return fail("the template has no {{mask}} for the verbalizer's words to fill");
  return template_text + "{mask}";
}

/// Reads the row of the blank; its own head is not used.
Result<Adapter> blank_reader(const Model& model, const HardPrompt& prompt,
                             const std::vector<std::string>& labels) {
  AdapterInfo info;
  info.method = Method::head;
  info.head_input = HeadInput::mask;
  INCIPIT_TRY(info.template_text, with_blank(model, prompt.template_text));
  info.max_length = prompt.max_length;
  info.labels = labels;
  return Adapter::create(model, std::move(info), 0);
}

/// How a verbalizer writes a token, if it is a word that comes back as that token.
std::optional<std::string> as_word(const Tokenizer& tokenizer, bool blank_before, std::int32_t id) {
  if (!is_ordinary_word(tokenizer, id)) return std::nullopt;
  auto text = tokenizer.decode({id}, false);
  if (!text) return std::nullopt;
  const std::size_t begin = text->starts_with(' ') ? 1 : 0;
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
  };
  if (text->size() < begin + 2 ||
      !std::all_of(text->begin() + static_cast<std::ptrdiff_t>(begin), text->end(), is_letter))
    return std::nullopt;
  const auto ids = tokenizer.encode_words(blank_before && begin == 0 ? " " + *text : *text);
  if (!ids || *ids != std::vector<std::int32_t>{id}) return std::nullopt;
  return std::move(*text);
}

}  // namespace

LabelWordSearch::LabelWordSearch(std::size_t labels, std::int64_t vocab_size)
    : sums_(labels, std::vector<double>(static_cast<std::size_t>(vocab_size), 0.0)), counts_(labels, 0) {}

void LabelWordSearch::add(int label, std::span<const float> logits) {
  const auto largest = static_cast<double>(*std::max_element(logits.begin(), logits.end()));
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - largest);
  const double log_sum = largest + std::log(sum);
  std::vector<double>& sums = sums_[static_cast<std::size_t>(label)];
  for (std::size_t id = 0; id < sums.size(); ++id) sums[id] += static_cast<double>(logits[id]) - log_sum;
  ++counts_[static_cast<std::size_t>(label)];
}

double LabelWordSearch::log_ratio(std::size_t label, std::int32_t id) const {
  const auto at = static_cast<std::size_t>(id);
  double others = 0, count = 0;
  for (std::size_t other = 0; other < sums_.size(); ++other) {
    if (other == label) continue;
    others += sums_[other][at];
    count += static_cast<double>(counts_[other]);
  }
  return sums_[label][at] / static_cast<double>(counts_[label]) - others / count;
}

std::vector<std::vector<std::int32_t>> LabelWordSearch::best(
    std::size_t count, std::size_t most, const std::function<bool(std::int32_t)>& may_be) const {
  std::vector<double> likely(sums_.front().size(), 0.0);  // every label weighs the same
  for (std::size_t label = 0; label < sums_.size(); ++label)
    for (std::size_t id = 0; id < likely.size(); ++id)
      likely[id] += sums_[label][id] / static_cast<double>(counts_[label]);
  std::vector<std::int32_t> ids(likely.size());
  std::iota(ids.begin(), ids.end(), 0);
  std::stable_sort(ids.begin(), ids.end(), [&](std::int32_t a, std::int32_t b) {
    return likely[static_cast<std::size_t>(a)] > likely[static_cast<std::size_t>(b)];
  });

  std::vector<std::vector<std::pair<double, std::int32_t>>> ranked(sums_.size());
  std::size_t seen = 0;
  for (const std::int32_t id : ids) {
    if (seen == most) break;
    if (!may_be(id)) continue;
    ++seen;
    std::size_t own = 0;
    for (std::size_t label = 1; label < sums_.size(); ++label)
      if (log_ratio(label, id) > log_ratio(own, id)) own = label;
    ranked[own].emplace_back(-log_ratio(own, id), id);
  }
  std::vector<std::vector<std::int32_t>> chosen(sums_.size());
  for (std::size_t label = 0; label < ranked.size(); ++label) {
    std::sort(ranked[label].begin(), ranked[label].end());
    for (std::size_t i = 0; i < std::min(count, ranked[label].size()); ++i)
      chosen[label].push_back(ranked[label][i].second);
  }
  return chosen;
}

Result<std::string> find_label_words(const Model& model, const HardPrompt& prompt,
                                     const std::vector<std::string>& labels,
                                     std::span<const Example> examples, std::size_t count,
                                     std::int64_t max_batch_tokens) {
  for (std::size_t label = 0; label < labels.size(); ++label)
    if (std::none_of(examples.begin(), examples.end(),
                     [label](const Example& example) { return example.label == static_cast<int>(label); }))
      return fail("label \"{}\" has no example to find its words by", labels[label]);
  INCIPIT_TRY(const LmHead* head, model.lm_head());
  INCIPIT_TRY(const Adapter reader, blank_reader(model, prompt, labels));
  INCIPIT_TRY(const std::vector<TemplatedExample> templated, apply_template(model, reader, examples));
  PackedRun run(model.backbone());
  Matrix rows, logits;
  INCIPIT_CHECK(run_features(run, reader, templated, max_batch_tokens, nullptr, rows));
  LabelWordSearch search(labels.size(), head->vocab_size());
  LmHeadPass pass;
  for (std::int64_t first = 0; first < rows.rows(); first += kRowsAtOnce) {
    const std::int64_t block = std::min(kRowsAtOnce, rows.rows() - first);
    head->logits({rows.row(first), block, rows.cols(), rows.cols()}, pass, logits);
    for (std::int64_t i = 0; i < block; ++i)
      if (const int label = examples[static_cast<std::size_t>(first + i)].label; label >= 0)
        search.add(label, {logits.row(i), static_cast<std::size_t>(head->vocab_size())});
  }
  const bool blank_before = reader.input_template().blank_before_mask();
  const auto chosen = search.best(count, kMostCandidates, [&](std::int32_t id) {
    return as_word(model.tokenizer(), blank_before, id).has_value();
  });
  nlohmann::ordered_json verbalizer;
  for (std::size_t label = 0; label < labels.size(); ++label) {
    if (chosen[label].empty())
      return fail("no word is likelier of label \"{}\" than of the others", labels[label]);
    for (const std::int32_t id : chosen[label])
      verbalizer[labels[label]].push_back(*as_word(model.tokenizer(), blank_before, id));
  }
  return verbalizer.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace incipit
