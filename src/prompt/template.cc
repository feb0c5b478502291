#include "prompt/template.h"

#include <algorithm>
#include <numeric>

#include "base/text_width.h"
#include "prompt/fixed_words.h"
#include "prompt/truncation.h"

namespace incipit {
namespace {

using Kind = TemplatePart::Kind;

constexpr std::int64_t kMostSoftIds = 1000;

bool is_input(Kind kind) {
  return kind == Kind::text_a || kind == Kind::text_b;
}

/// The token for a blank to fill, where the vocabulary has one.
std::optional<std::int32_t> mask_id(const Tokenizer& tokenizer) {
  for (const char* spelling : {"[MASK]", "<mask>"})
    if (const auto id = tokenizer.id(spelling); id && tokenizer.is_special(*id)) return id;
  return std::nullopt;
}

}  // namespace

Result<Template> Template::create(std::string_view source, std::int64_t num_virtual_tokens,
                                  std::int64_t insert_layer, const Tokenizer& tokenizer, bool is_causal) {
  INCIPIT_TRY(const std::vector<TemplatePart> parts, parse_template(source));
  const auto is_soft = [](const TemplatePart& part) { return part.kind == Kind::soft; };
  const bool places_its_own = std::any_of(parts.begin(), parts.end(), is_soft);
  Template made(places_its_own ? 0 : num_virtual_tokens, insert_layer);
  made.mask_id_ = is_causal ? std::nullopt : mask_id(tokenizer);
  INCIPIT_TRY(made.frame_, SpecialFrame::of(tokenizer));
  for (const TemplatePart& part : parts)
    if (Status added = made.add_part(part, tokenizer); !added)
      return fail("template, column {}: {}", part.column, added.error().message);
  const auto reads = [](const Slot& slot) { return is_input(slot.kind); };
  if (std::none_of(made.slots_.begin(), made.slots_.end(), reads))
    return fail("the template has no {{text_a}}: every text would look the same");
  return made;
}

Status Template::add_part(const TemplatePart& part, const Tokenizer& tokenizer) {
  if (!slots_.empty() && slots_.back().kind == Kind::mask && slots_.back().ids.empty())
    return fail("without a mask token the blank must be the template's end");
  switch (part.kind) {
    case Kind::soft:
      return add_soft(part, tokenizer);
    case Kind::mask:
      return add_mask(part);
    case Kind::special: {
      INCIPIT_TRY(std::vector<std::int32_t> ids, encode_fixed(part, tokenizer));
      slots_.push_back({std::move(ids), part.kind, false, false});
      ++fixed_tokens_;
      return {};
    }
    case Kind::words: {
      INCIPIT_TRY(std::vector<std::int32_t> ids, encode_fixed(part, tokenizer));
      fixed_tokens_ += std::ssize(ids);
      unknown_tokens_ += std::count(ids.begin(), ids.end(), tokenizer.unknown_id().value_or(-1));
      slots_.push_back({std::move(ids), part.kind, part.blank_before, part.shortenable});
      return {};
    }
    case Kind::text_a:
    case Kind::text_b:
      slots_.push_back({{}, part.kind, part.blank_before, part.shortenable});
      return {};
  }
  return {};
}

/// Without a mask token, as causal models have it, the blank is what follows the last token.
Status Template::add_mask(const TemplatePart& part) {
  Slot slot{{}, Kind::mask, part.blank_before, false};
  if (mask_id_) {
    slot.ids.push_back(*mask_id_);
    ++fixed_tokens_;
  } else {
    if (slots_.empty()) return fail("without a mask token the blank must follow something");
    frame_.after.clear();
  }
  slots_.push_back(std::move(slot));
  return {};
}

Status Template::add_soft(const TemplatePart& part, const Tokenizer& tokenizer) {
  Slot slot{{}, Kind::soft, false, false};
  const auto new_row = [&](std::optional<std::int32_t> word) {
    slot.ids.push_back(static_cast<std::int32_t>(-1 - rows_++));
    row_words_.push_back(word);
  };
  const auto shared_id = static_cast<std::size_t>(part.soft_id);
  if (part.soft_id > kMostSoftIds) return fail("soft_id {}: at most {}", part.soft_id, kMostSoftIds);
  if (shared_id >= shared_.size()) shared_.resize(shared_id + 1);
  if (shared_id > 0 && !shared_[shared_id].empty()) {
    slot.ids = shared_[shared_id];
  } else if (!part.text.empty()) {
    INCIPIT_TRY(const std::vector<std::int32_t> words,
                tokenizer.encode_words(part.blank_before ? " " + part.text : part.text));
    if (words.empty()) return fail("soft \"{}\" has no tokens", fit_on_line(part.text, 60));
    for (const std::int32_t word : words) new_row(word);
  } else {
    new_row(std::nullopt);
    for (std::int64_t i = 1; i < part.count; ++i)
      if (part.same)
        slot.ids.push_back(slot.ids.front());
      else
        new_row(std::nullopt);
  }
  if (shared_id > 0) shared_[shared_id] = slot.ids;
  slots_.push_back(std::move(slot));
  return {};
}

bool Template::has_mask() const {
  return std::any_of(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.kind == Kind::mask; });
}

bool Template::blank_before_mask() const {
  return std::any_of(slots_.begin(), slots_.end(),
                     [](const Slot& slot) { return slot.kind == Kind::mask && slot.blank_before; });
}

std::int64_t Template::smallest_length() const {
  std::int64_t length = std::ssize(frame_.before) + std::ssize(frame_.after);
  for (const Slot& slot : slots_)
    if (slot.kind != Kind::soft && !slot.shortenable) length += std::ssize(slot.ids);
  return length;
}

std::int64_t Template::room(const PositionRule& rule) const {
  if (insert_layer_ > 0) return rule.usable;
  std::int64_t virtual_tokens = front_rows_;
  for (const Slot& slot : slots_)
    if (slot.kind == Kind::soft) virtual_tokens += std::ssize(slot.ids);
  return rule.usable - virtual_tokens;
}

void Template::append(TemplatedExample& example, std::int32_t id, std::int8_t token_type) const {
  example.token.push_back(id);
  example.token_type.push_back(token_type);
  example.entry.push_back(id < 0 ? static_cast<std::uint8_t>(insert_layer_) : std::uint8_t{0});
}

TemplatedExample Template::arrange(const Encoding& encoding, const PositionRule& rule) const {
  TemplatedExample example;
  for (std::int64_t i = 0; i < front_rows_; ++i) append(example, static_cast<std::int32_t>(-1 - i), 0);
  for (std::size_t i = 0; i < encoding.ids.size(); ++i)
    append(example, encoding.ids[i], encoding.type_ids[i]);
  example.truncated = encoding.truncated;
  number_positions(example, rule);
  return example;
}

Result<std::vector<std::vector<std::int32_t>>> Template::fill_slots(
    const Tokenizer& tokenizer, std::string_view text_a, std::optional<std::string_view> text_b) const {
  std::vector<std::vector<std::int32_t>> filled;
  for (const Slot& slot : slots_) {
    if (!is_input(slot.kind)) {
      filled.push_back(slot.ids);
      continue;
    }
    if (slot.kind == Kind::text_b && !text_b)
      return fail("the template asks for a second text (text_b), and the example has one text only");
    const std::string_view text = slot.kind == Kind::text_a ? text_a : *text_b;
    INCIPIT_TRY(std::vector<std::int32_t> ids, slot.blank_before
                                                   ? tokenizer.encode_words(" " + std::string(text))
                                                   : tokenizer.encode_words(text));
    filled.push_back(std::move(ids));
  }
  return filled;
}

Result<TemplatedExample> Template::apply(const Tokenizer& tokenizer, const PositionRule& rule,
                                         std::string_view text_a, std::optional<std::string_view> text_b,
                                         std::int64_t max_length,
                                         std::span<const std::int32_t> before) const {
  max_length = std::min(max_length, room(rule));
  if (slots_.empty()) {
    INCIPIT_TRY(const Encoding encoding, tokenizer.encode(text_a, text_b, max_length));
    if (encoding.ids.empty())
      return fail("a text without a single token: the tokenizer adds no special tokens");
    return arrange(encoding, rule);
  }
  INCIPIT_TRY(const std::vector<std::vector<std::int32_t>> filled, fill_slots(tokenizer, text_a, text_b));
  std::vector<std::int64_t> lengths;
  std::int64_t fixed = std::ssize(frame_.before) + std::ssize(before) + std::ssize(frame_.after);
  for (std::size_t s = 0; s < slots_.size(); ++s)
    if (slots_[s].shortenable)
      lengths.push_back(std::ssize(filled[s]));
    else if (slots_[s].kind != Kind::soft)
      fixed += std::ssize(filled[s]);
  if (fixed > max_length)
    return fail("what the template does not shorten is {} tokens, of which {} fit", fixed, max_length);
  const std::vector<std::int64_t> kept = cut_longest_first(lengths, max_length - fixed);

  TemplatedExample example;
  for (std::int64_t i = 0; i < front_rows_; ++i) append(example, static_cast<std::int32_t>(-1 - i), 0);
  for (const std::int32_t id : frame_.before) append(example, id, 0);
  for (const std::int32_t id : before) append(example, id, 0);
  for (std::size_t s = 0, cut = 0; s < slots_.size(); ++s) {
    const std::int64_t all = std::ssize(filled[s]);
    const std::int64_t count = slots_[s].shortenable ? kept[cut++] : all;
    example.truncated += all - count;
    for (std::int64_t i = 0; i < count; ++i) append(example, filled[s][static_cast<std::size_t>(i)], 0);
    // A blank without a token of its own is what the last token is followed by.
    if (slots_[s].kind == Kind::mask) example.mask = example.size() - 1;
  }
  for (const std::int32_t id : frame_.after) append(example, id, 0);
  number_positions(example, rule);
  return example;
}

}  // namespace incipit
