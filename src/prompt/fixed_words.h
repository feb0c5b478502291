#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "incipit/result.h"
#include "incipit/tokenizer.h"

#include "prompt/template_language.h"

namespace incipit {

/// Ids of a part that is the same for every example: words or a special token.
Result<std::vector<std::int32_t>> encode_fixed(const TemplatePart& part, const Tokenizer& tokenizer);

/// Ids of a source in the template language that has such parts only.
Result<std::vector<std::int32_t>> encode_fixed(std::string_view source, const Tokenizer& tokenizer);

}  // namespace incipit
