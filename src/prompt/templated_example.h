#pragma once

#include <cstdint>
#include <vector>

#include "engine/position_rule.h"

namespace incipit {

/// An example as a backbone's sequence, its virtual tokens numbered from row 0 of its own prompt.
struct TemplatedExample {
  // [tokens]; see PackedBatch
  std::vector<std::int32_t> token;
  std::vector<std::int32_t> position;
  std::vector<std::int8_t> token_type;
  std::vector<std::uint8_t> entry;

  std::int64_t cls = 0;        // the first token that is not a virtual one: [CLS] where there is such
  std::int64_t last = 0;       // the last token that is not a virtual one
  std::int64_t mask = -1;      // the template's blank; -1: it has none
  std::int64_t truncated = 0;  // tokens of the text that did not fit

  std::int64_t size() const { return static_cast<std::int64_t>(token.size()); }
};

/// Sets `position`, `cls` and `last`. Positions are PEFT's: counted from the first virtual token; a token
/// that joins later has no position: it stands at 0, which rotary models leave as it is.
void number_positions(TemplatedExample& example, const PositionRule& rule);

/// The example without the virtual tokens of some rows of its prompt, `removed`: [rows], as a prompt that
/// never had them gives it: what follows moves up and positions are counted anew, by the family's rule for
/// plain ids where no virtual token is left. The text keeps what it had room for; rows keep their numbers.
TemplatedExample without_rows(const TemplatedExample& example, const std::vector<bool>& removed,
                              const PositionRule& rule);

}  // namespace incipit
