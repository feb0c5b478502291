#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "incipit/result.h"

namespace incipit {

/// An example that is shown to the model solved.
struct Demonstration {
  std::string_view text_a;
  std::optional<std::string_view> text_b;
  std::string_view word;  // what fills the blank, with the blank character before it where one belongs there
};

/// A template with its texts and its blank filled in, and an empty line after it, as a source of fixed parts
/// that may stand before the template itself. Each part is tokenized as the template's own is; what the texts
/// hold, braces too, is data. Fails where the template has no blank or has virtual tokens, or asks for a
/// second text that is not there.
Result<std::string> demonstration_source(std::string_view template_source,
                                         const Demonstration& demonstration);

}  // namespace incipit
