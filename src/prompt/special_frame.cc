#include "prompt/special_frame.h"

#include <algorithm>
#include <limits>

namespace incipit {

Result<SpecialFrame> SpecialFrame::of(const Tokenizer& tokenizer) {
  constexpr const char* kProbe = "a";
  INCIPIT_TRY(const Encoding whole,
              tokenizer.encode(kProbe, std::nullopt, std::numeric_limits<std::int32_t>::max()));
  INCIPIT_TRY(const std::vector<std::int32_t> inner, tokenizer.encode_words(kProbe));
  const auto found = std::search(whole.ids.begin(), whole.ids.end(), inner.begin(), inner.end());
  if (found == whole.ids.end()) return fail("the tokenizer changes a text's tokens between its special ones");
  return SpecialFrame{{whole.ids.begin(), found},
                      {found + static_cast<std::ptrdiff_t>(inner.size()), whole.ids.end()}};
}

}  // namespace incipit
