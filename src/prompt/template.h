#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "incipit/result.h"
#include "incipit/tokenizer.h"

#include "engine/position_rule.h"
#include "prompt/special_frame.h"
#include "prompt/template_language.h"
#include "prompt/templated_example.h"

namespace incipit {

/// Says where words and virtual tokens stand. Without words of its own: the virtual tokens before everything,
/// as PEFT has them, then the text or pair as the tokenizer arranges it. With a template's text: its parts
/// between the tokenizer's special tokens, each part tokenized by itself, token types 0; virtual tokens stand
/// where it has soft parts, else before everything. They join at the embeddings or at a later layer.
class Template {
 public:
  /// Without words of its own.
  Template(std::int64_t num_virtual_tokens, std::int64_t insert_layer)
      : rows_(num_virtual_tokens),
        front_rows_(num_virtual_tokens),
        insert_layer_(insert_layer),
        row_words_(static_cast<std::size_t>(num_virtual_tokens)) {}

  /// With `source` in the template language. `num_virtual_tokens` stand before everything, unless the source
  /// has soft parts: those are then all there are.
  static Result<Template> create(std::string_view source, std::int64_t num_virtual_tokens,
                                 std::int64_t insert_layer, const Tokenizer& tokenizer, bool is_causal);

  /// Virtual tokens, each with a row of the prompt.
  std::int64_t rows() const { return rows_; }
  /// [rows()] the word that the template itself gives a virtual token to start from, where it does.
  const std::vector<std::optional<std::int32_t>>& row_words() const { return row_words_; }
  /// Whether every virtual token stands before everything else.
  bool rows_come_first() const { return front_rows_ == rows_; }
  bool has_mask() const;
  /// Whether a blank stands before the mask: it is then the first character of what fills it.
  bool blank_before_mask() const;
  /// Of its fixed words: tokens, and those that the tokenizer does not know.
  std::int64_t fixed_tokens() const { return fixed_tokens_; }
  std::int64_t unknown_tokens() const { return unknown_tokens_; }
  /// Tokens of a sequence that are no input: special ones and fixed words; max_length must exceed it.
  std::int64_t smallest_length() const;

  /// Tokens that a text may have, its special ones and the template's words included. Virtual tokens at the
  /// embeddings take positions, later ones do not.
  std::int64_t room(const PositionRule& rule) const;

  /// The inputs are truncated so that the sequence has `max_length` tokens (at most room()), never the
  /// template nor the virtual tokens. Positions are PEFT's: counted from the first virtual token; a token
  /// that joins later has no position. `before` are fixed ids of this example alone, between the special
  /// tokens and the template's own words. Fails where the template asks for a second text and there is none.
  Result<TemplatedExample> apply(const Tokenizer& tokenizer, const PositionRule& rule,
                                 std::string_view text_a, std::optional<std::string_view> text_b,
                                 std::int64_t max_length, std::span<const std::int32_t> before = {}) const;

  /// The same for ids that are already there, of a template without words of its own.
  TemplatedExample arrange(const Encoding& encoding, const PositionRule& rule) const;

 private:
  /// A part made ready: fixed ids (virtual tokens negative), or an input.
  struct Slot {
    std::vector<std::int32_t> ids;
    TemplatePart::Kind kind = TemplatePart::Kind::words;
    bool blank_before = false;
    bool shortenable = false;
  };

  Status add_part(const TemplatePart& part, const Tokenizer& tokenizer);
  Status add_soft(const TemplatePart& part, const Tokenizer& tokenizer);
  Status add_mask(const TemplatePart& part);
  Result<std::vector<std::vector<std::int32_t>>> fill_slots(const Tokenizer& tokenizer,
                                                            std::string_view text_a,
                                                            std::optional<std::string_view> text_b) const;
  void append(TemplatedExample& example, std::int32_t id, std::int8_t token_type) const;

  std::optional<std::int32_t> mask_id_;  // for a blank to fill; causal models have none
  std::int64_t rows_;
  std::int64_t front_rows_;  // of them, those before everything
  std::int64_t insert_layer_;
  SpecialFrame frame_;
  std::vector<Slot> slots_;                        // none: without words of its own
  std::vector<std::vector<std::int32_t>> shared_;  // by soft_id: its virtual tokens
  std::vector<std::optional<std::int32_t>> row_words_;
  std::int64_t fixed_tokens_ = 0, unknown_tokens_ = 0;
};

}  // namespace incipit
